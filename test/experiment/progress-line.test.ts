import { describe, expect, it } from 'vitest';
import { duration, progressLine } from '../../src/experiment/progress-line.ts';

/** A stream that remembers, and a clock that goes 100 ms at each call. */
function setUp(options: {
  isTTY: boolean;
  quiet?: boolean;
  interval?: number;
  colour?: boolean;
  columns?: number;
}) {
  let written = '';
  let time = 0;
  const stream = Object.assign({
    write: (text: string) => {
      written += text;
      return true;
    },
    isTTY: options.isTTY,
    columns: options.columns ?? 70,
  }) as unknown as NodeJS.WritableStream & { isTTY: boolean; columns: number };
  const progress = progressLine({
    stream,
    quiet: options.quiet ?? false,
    colour: options.colour ?? false,
    ...(options.interval !== undefined && { interval: options.interval }),
    now: () => {
      time += 100;
      return time;
    },
  });
  return { progress, written: () => written };
}

describe('progressLine', () => {
  it('on a terminal redraws one line with step, loss, rate and time left', () => {
    const { progress, written } = setUp({ isTTY: true, interval: 0 });
    progress.expect(100);
    for (let step = 1; step <= 3; step++) {
      progress.advance({ label: 'came lr 0.001', step, steps: 100, values: { loss: 1.93 } });
    }
    expect(written().split('\r\x1b[K').slice(1)).toEqual([
      'came lr 0.001  step 1/100  loss 1.930',
      'came lr 0.001  step 2/100  loss 1.930  10 steps/s  10 s left',
      'came lr 0.001  step 3/100  loss 1.930  10 steps/s  10 s left',
    ]);
    progress.finish();
    expect(written().endsWith('\r\x1b[K')).toBe(true);
  });

  it('never draws beyond the width of the terminal', () => {
    const { progress, written } = setUp({ isTTY: true, interval: 0 });
    progress.advance({ label: 'x'.repeat(200) });
    expect(written()).toBe(`\r\x1b[K${'x'.repeat(69)}`);
  });

  it('takes a pseudo-terminal of 0 columns for one of 80', () => {
    const { progress, written } = setUp({ isTTY: true, interval: 0, columns: 0 });
    progress.advance({ label: 'x'.repeat(200) });
    expect(written()).toBe(`\r\x1b[K${'x'.repeat(79)}`);
  });

  it('elsewhere writes plain lines, only now and then, with no control characters', () => {
    const { progress, written } = setUp({ isTTY: false, interval: 1000 });
    progress.expect(30);
    for (let step = 1; step <= 30; step++) progress.advance({ label: 'adamw', step, steps: 30 });
    progress.finish();
    expect(written().split('\n')).toEqual([
      'adamw  step 1/30',
      'adamw  step 11/30  10 steps/s  2 s left',
      'adamw  step 21/30  10 steps/s  1 s left',
      '',
    ]);
  });

  it('says nothing but warnings when quiet', () => {
    const { progress, written } = setUp({ isTTY: true, quiet: true, interval: 0 });
    progress.note('hello');
    progress.advance({ label: 'came' });
    progress.warn('busy');
    progress.finish();
    expect(written()).toBe('Warning: busy\n');
  });

  it('colours only where asked', () => {
    const { progress, written } = setUp({ isTTY: true, colour: true });
    progress.warn('busy');
    expect(written()).toBe('\x1b[33mWarning:\x1b[39m busy\n');
  });

  it('writes durations as people do', () => {
    expect([0.4, 51.2, 60, 400, 7500].map(duration)).toEqual([
      '0 s',
      '51 s',
      '1 min',
      '6 min 40 s',
      '2 h 5 min',
    ]);
  });
});
