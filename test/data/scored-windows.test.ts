import { describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { type ScoringOptions, scoredBatches, scoredWindows } from '../../src/data/scored-windows.ts';

const options: ScoringOptions = { protocol: 'end-aligned', length: 4, longest: 16, scored: 2, windows: 3 };
const tokens = 100;

describe('end-aligned windows', () => {
  it('score the same tokens at every length', () => {
    const each = [2, 4, 8, 16].map((length) => scoredWindows(tokens, { ...options, length }));
    for (const windows of each) expect(windows.ends).toEqual(each[0]?.ends);
    // From 16, the first that has 16 tokens before it, in three equal steps through the 84 places there are.
    expect(each[0]?.ends).toEqual([16, 44, 72]);
  });

  it('never score a token twice', () => {
    const { ends } = scoredWindows(20, { ...options, windows: 100 });
    expect(ends).toEqual([16, 18]);
  });

  it('score whole windows that are shorter than what is to be scored', () => {
    expect(scoredWindows(tokens, { ...options, length: 1 }).scored).toBe(1);
  });
});

describe('the windows of the papers', () => {
  it('follow each other, and score the end of each', () => {
    const windows = scoredWindows(13, { ...options, protocol: 'last', windows: 9 });
    expect(windows).toEqual({ length: 4, scored: 2, ends: [4, 8, 12] });
  });

  it('or all of it', () => {
    expect(scoredWindows(13, { ...options, protocol: 'whole', windows: 9 }).scored).toBe(4);
  });
});

it('refuses a text that is too short', () => {
  expect(() => scoredWindows(16, options)).toThrow(/16 tokens and its successor do not fit into 16/);
  expect(() => scoredWindows(17, options)).not.toThrow();
  expect(() => scoredWindows(4, { ...options, protocol: 'last' })).toThrow(/4 tokens and its successor/);
});

it('gives batches of the tokens before each end and the last targets', async () => {
  await useBackend('cpu');
  const split = Array.from({ length: 30 }, (_, i) => 100 + i);
  const batches = [...scoredBatches(split, { length: 4, scored: 2, ends: [10, 20, 29] }, 2)];
  const read = await Promise.all(
    batches.map(async (batch) => [await batch.tokens.array(), await batch.targets.array()]),
  );
  expect(read).toEqual([
    [
      [
        [106, 107, 108, 109],
        [116, 117, 118, 119],
      ],
      [
        [109, 110],
        [119, 120],
      ],
    ],
    [[[125, 126, 127, 128]], [[128, 129]]],
  ]);
});
