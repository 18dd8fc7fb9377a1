import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Batch, evaluationWindows, randomWindows } from '../../src/data/windows.ts';
import { RandomStream } from '../../src/random/index.ts';

beforeAll(() => tf.setBackend('cpu'));

const split = Uint16Array.from({ length: 20 }, (_, i) => i);

async function rows({ tokens, targets }: Batch): Promise<{ tokens: number[][]; targets: number[][] }> {
  const result = { tokens: await tokens.array(), targets: await targets.array() };
  tf.dispose([tokens, targets]);
  return result;
}

describe('randomWindows', () => {
  it('gives int32 windows, and as targets what follows', async () => {
    const batch = randomWindows(split, { batchSize: 50, context: 4 }, RandomStream.fromSeed(0, 'data'));
    expect([batch.tokens.dtype, batch.targets.dtype]).toEqual(['int32', 'int32']);
    const { tokens, targets } = await rows(batch);
    expect(tokens).toHaveLength(50);
    for (const [b, row] of tokens.entries()) {
      const start = row[0] as number;
      expect(row).toEqual([start, start + 1, start + 2, start + 3]);
      expect(targets[b]).toEqual(row.map((token) => token + 1));
    }
  });

  it('reaches every start, first and last included', async () => {
    const stream = RandomStream.fromSeed(1, 'data');
    const { tokens } = await rows(randomWindows(split, { batchSize: 500, context: 4 }, stream));
    // Starts 0 … 15: the last window is 15 … 18 with targets 16 … 19. Missed with probability 16 · (15/16)^500 ≈ 1e-13.
    expect([...new Set(tokens.map((row) => row[0]))].sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 16 }, (_, i) => i),
    );
  });

  it('continues from a saved state of the stream', async () => {
    const stream = RandomStream.fromSeed(2, 'data');
    const shape = { batchSize: 3, context: 4 };
    tf.dispose(Object.values(randomWindows(split, shape, stream)));
    const continued = RandomStream.fromState(JSON.parse(JSON.stringify(stream.state())));
    expect(await rows(randomWindows(split, shape, continued))).toEqual(
      await rows(randomWindows(split, shape, stream)),
    );
  });

  it('fits a split of exactly one window, and refuses a shorter one', async () => {
    const stream = RandomStream.fromSeed(3, 'data');
    const { targets } = await rows(randomWindows(split.subarray(0, 5), { batchSize: 2, context: 4 }, stream));
    expect(targets).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    expect(() => randomWindows(split.subarray(0, 4), { batchSize: 2, context: 4 }, stream)).toThrow(
      /do not fit into 4/,
    );
  });
});

describe('evaluationWindows', () => {
  it('has each target once, in order, with a smaller last batch', async () => {
    const batches = [...evaluationWindows(split, { batchSize: 2, context: 4 })];
    expect(batches.map(({ tokens }) => tokens.shape)).toEqual([
      [2, 4],
      [2, 4],
    ]);
    const targets = (await Promise.all(batches.map(rows))).flatMap((batch) => batch.targets.flat());
    expect(targets).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    const odd = [...evaluationWindows(split, { batchSize: 3, context: 4 })];
    expect(odd.map(({ tokens }) => tokens.shape)).toEqual([
      [3, 4],
      [1, 4],
    ]);
    tf.dispose(odd.flatMap(({ tokens, targets: t }) => [tokens, t]));
  });

  it('uses a window that fits to the last token', async () => {
    const [batch] = [...evaluationWindows(split.subarray(0, 17), { batchSize: 4, context: 4 })];
    expect((await rows(batch as Batch)).targets.flat().at(-1)).toBe(16);
  });

  it('spreads a limited number of windows over the split', async () => {
    const [batch] = [...evaluationWindows(split, { batchSize: 8, context: 4 }, 2)];
    expect((await rows(batch as Batch)).tokens.map((row) => row[0])).toEqual([0, 8]);
  });

  it('refuses a split too short', () => {
    expect(() => evaluationWindows(split.subarray(0, 4), { batchSize: 1, context: 4 }).next()).toThrow(
      RangeError,
    );
  });
});

it('leaves no tensors but those it returns', () => {
  const before = tf.memory().numTensors;
  const batch = randomWindows(split, { batchSize: 2, context: 4 }, RandomStream.fromSeed(0, 'data'));
  expect(tf.memory().numTensors).toBe(before + 2);
  tf.dispose(Object.values(batch));
  for (const { tokens, targets } of evaluationWindows(split, { batchSize: 2, context: 4 }))
    tf.dispose([tokens, targets]);
  expect(tf.memory().numTensors).toBe(before);
});
