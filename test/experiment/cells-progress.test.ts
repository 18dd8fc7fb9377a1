import { describe, expect, it } from 'vitest';
import { mergeProgress } from '../../src/experiment/cells-progress.ts';
import type { Progress } from '../../src/experiment/progress.ts';

/** Records what a line of progress is told: the work announced in all, the work done, and the last state. */
function recorder() {
  const seen = { expected: 0, done: 0, last: {}, notes: [] as string[] };
  const progress: Progress = {
    note: (text) => seen.notes.push(text),
    warn: (text) => seen.notes.push(`! ${text}`),
    expect: (units) => {
      seen.expected += units;
    },
    advance: (state, units = 1) => {
      seen.done += units;
      seen.last = state;
    },
    finish() {},
  };
  return { progress, seen };
}

describe('mergeProgress', () => {
  it('reckons cells that have not begun as long as the longest so far', () => {
    const { progress, seen } = recorder();
    const cells = mergeProgress(progress, 4);
    cells.expect('a', 100);
    expect(seen.expected).toBe(400);
    cells.expect('b', 60); // resumed
    expect(seen.expected).toBe(360);
  });

  it('does not reckon with cells that are there already, or with what a cell left undone', () => {
    const { progress, seen } = recorder();
    const cells = mergeProgress(progress, 4);
    cells.found(2);
    cells.expect('c', 100);
    expect(seen.expected).toBe(200);
    cells.advance('c', { label: 'c', step: 30, steps: 100 }, 30);
    cells.done('c'); // it diverged
    expect(seen.expected).toBe(130);
    cells.expect('d', 100);
    cells.advance('d', { label: 'd', step: 100, steps: 100 }, 100);
    cells.done('d');
    expect(seen).toMatchObject({ expected: 130, done: 130 });
  });

  it('shows the one cell at work by itself, and all together as soon as there are several', () => {
    const { progress, seen } = recorder();
    const cells = mergeProgress(progress, 3);
    cells.expect('a', 10);
    cells.advance('a', { label: 'came', step: 1, steps: 10, values: { loss: 2 } }, 1);
    expect(seen.last).toEqual({ label: 'cell 1/3  came', step: 1, steps: 10, values: { loss: 2 } });
    cells.expect('b', 10);
    cells.advance('b', { label: 'adamw', step: 4, steps: 10 }, 4);
    expect(seen.last).toEqual({ label: '0/3 cells done', step: 5, steps: 30 });
    cells.done('a');
    cells.advance('b', { label: 'adamw', step: 5, steps: 10 }, 1);
    expect(seen.last).toEqual({ label: '1/3 cells done', step: 6, steps: 21 });
  });

  it('shows the only cell of a run as it is', () => {
    const { progress, seen } = recorder();
    mergeProgress(progress, 1).advance('a', { label: 'D128: round 2' }, 1);
    expect(seen.last).toEqual({ label: 'D128: round 2' });
  });

  it('shows what several processes say alike once', () => {
    const { progress, seen } = recorder();
    const cells = mergeProgress(progress, 2);
    for (const text of ['Text: stories', 'Text: stories', 'other']) cells.note(text);
    for (const text of ['slow', 'slow']) cells.warn(text);
    expect(seen.notes).toEqual(['Text: stories', 'other', '! slow']);
  });
});
