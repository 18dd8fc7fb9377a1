import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { packExamples, ShuffledBatches, unpackInputs } from '../../src/tasks/index.ts';

beforeAll(async () => {
  await useBackend('js');
});

describe('shuffled batches', () => {
  it('hold each example once in an epoch, across batches that run on', () => {
    const batches = new ShuffledBatches(10, 4, 0);
    const drawn = [0, 1, 2, 3, 4].flatMap((step) => batches.indices(step));
    const sorted = (from: number) => drawn.slice(from, from + 10).sort((a, b) => a - b);
    const all = Array.from({ length: 10 }, (_, i) => i);
    expect(sorted(0)).toEqual(all);
    expect(sorted(10)).toEqual(all);
    expect(drawn.slice(0, 10)).not.toEqual(drawn.slice(10, 20));
  });

  it('depend on the step and the seed alone', () => {
    const whole = new ShuffledBatches(10, 4, 7);
    const steps = [0, 1, 2, 3].map((step) => whole.indices(step));
    expect(new ShuffledBatches(10, 4, 7).indices(3)).toEqual(steps[3]);
    expect(new ShuffledBatches(10, 4, 8).indices(3)).not.toEqual(steps[3]);
  });

  it('run through small sets more than once', () => {
    const counts = [0, 0, 0];
    for (const index of new ShuffledBatches(3, 9, 0).indices(0)) counts[index] = (counts[index] ?? 0) + 1;
    expect(counts).toEqual([3, 3, 3]);
  });
});

describe('packed examples', () => {
  const example = (base: number, target: number) => ({
    tokens: Int32Array.of(base, base + 1),
    segments: Int32Array.of(0, 1),
    padding: Int32Array.of(0, base % 2),
    targets: [target],
  });

  it('come apart as they went in', async () => {
    const { tokens, targets } = packExamples([example(10, 2), example(21, 0)], 'int32');
    const parts = unpackInputs(tokens);
    expect(await parts.tokens.array()).toEqual([
      [10, 11],
      [21, 22],
    ]);
    expect(await parts.segments.array()).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(await parts.padding.array()).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect([targets.dtype, await targets.array()]).toEqual(['int32', [[2], [0]]]);
    tf.dispose([tokens, targets, ...Object.values(parts)]);
    expect(tf.memory().numTensors).toBe(0);
  });
});
