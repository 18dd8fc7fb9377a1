import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  type AttentionMaps,
  checkAttentionMemory,
  KeyValueCache,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  type ScoreProcessor,
} from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { expectAllClose, maxDifference, tolerance } from '../support/allclose.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { normalMatrix, randomizeParameters } from './weights.ts';

const [B, T, D, H] = [2, 7, 6, 3];

/** Reads the positions of queries and keys. */
const fallOff: ScoreProcessor = (scores, { firstQuery, queryLength, keyLength }) => {
  const queries = tf.range(firstQuery, firstQuery + queryLength).reshape([queryLength, 1]);
  return tf.sub(scores, tf.mul(0.3, tf.sub(queries, tf.range(0, keyLength)))) as tf.Tensor4D;
};

function create(options: Partial<MultiHeadAttentionOptions> = {}): MultiHeadAttention {
  const settings = { width: D, heads: H, causal: true, layer: 0, process: fallOff, ...options };
  const layer = new MultiHeadAttention(settings, RandomStream.fromSeed(1, 'init'));
  randomizeParameters(layer, 2);
  return layer;
}

const input = (length = T) => normalMatrix(3, [B, length, D]).tensor;

describe('blocks of queries', () => {
  it.each([
    [true, 1],
    [true, 3],
    [false, 2],
    [true, 100],
  ])('equal all at once, causal %s, %d rows', async (causal, queryBlock) => {
    const layer = create({ causal });
    const x = input();
    await expectAllClose(layer.apply(x, { queryBlock }), layer.apply(x), tolerance(3));
    layer.dispose();
  });

  it('give a processor the keys after the last query that it asks for, and no others', async () => {
    const seen: [number, number, number][] = [];
    const process: ScoreProcessor = Object.assign(
      (scores: tf.Tensor4D, context: Parameters<ScoreProcessor>[1]) => {
        seen.push([context.firstQuery, context.queryLength, context.keyLength]);
        return scores;
      },
      { keysAfter: 1 },
    );
    const [layer, plain] = [create({ process }), create({ process: (scores) => scores })];
    const x = input();
    await expectAllClose(layer.apply(x, { queryBlock: 3 }), plain.apply(x), tolerance(3));
    expect(seen).toEqual([
      [0, 3, 4],
      [3, 3, 7],
      [6, 1, 7],
    ]);
    for (const each of [layer, plain]) each.dispose();
  });

  it('have the same gradients', async () => {
    const layer = create();
    const x = input();
    const gradient = (queryBlock: number) =>
      tf.grad((y) => layer.apply(y, { queryBlock }).square().sum())(x) as tf.Tensor;
    await expectAllClose(gradient(2), gradient(T), tolerance(10));
    layer.dispose();
  });

  it('refuse a size that is none, and name one that fits memory', () => {
    const layer = create();
    expect(() => layer.apply(input(), { queryBlock: 0 })).toThrow(
      'queryBlock must be a positive integer, got 0',
    );
    layer.dispose();
    const size = { batch: 1, heads: 8, queries: 8192, keys: 8192, numbersPerScore: 8 };
    const check = (available: number) => () => checkAttentionMemory(size, available);
    expect(check(2 ** 34)).not.toThrow();
    // 4 · 32 numbers · 8192 keys = 1 MiB a row
    expect(check(300 * 2 ** 20)).toThrow(UserError);
    expect(check(300 * 2 ** 20)).toThrow(
      '8192 queries × 8192 keys do not fit memory: the maps of 1 × 8 heads take 8.0 GiB, of 0.3 GiB that are free. ' +
        'queryBlock: 256 would fit.',
    );
    expect(check(1000)).toThrow('Not even one row fits');
  });
});

describe('a cache', () => {
  it('continues a sequence: piece by piece equals all at once', async () => {
    const layer = create();
    const x = input();
    const cache = new KeyValueCache({ layers: 1, capacity: T });
    const pieces: tf.Tensor[] = [];
    for (const [start, length] of [
      [0, 3],
      [3, 1],
      [4, 1],
      [5, 2],
    ] as const) {
      pieces.push(layer.apply(x.slice([0, start, 0], [B, length, D]), { cache }));
    }
    expect(cache.length).toBe(T);
    await expectAllClose(tf.concat(pieces, 1), layer.apply(x), tolerance(3));
    expect(() => layer.apply(x.slice([0, 0, 0], [B, 1, D]), { cache })).toThrow(
      '8 positions are more than its capacity of 7',
    );
    cache.dispose();
    expect(cache.length).toBe(0);
    layer.dispose();
  });

  it('is refused where attention cannot continue, and by sizes', () => {
    const cache = new KeyValueCache({ layers: 1, capacity: T });
    for (const options of [{ causal: false }, { layer: 1 }]) {
      const layer = create(options);
      expect(() => layer.apply(input(), { cache })).toThrow(
        'a cache needs causal attention that knows its layer',
      );
      layer.dispose();
    }
    expect(() => new KeyValueCache({ layers: 1, capacity: 0 })).toThrow(
      'capacity must be a positive integer, got 0',
    );
  });

  it('leaves nothing behind', async () => {
    const layer = create();
    const x = input(2);
    await expectNoLeak(() => {
      const cache = new KeyValueCache({ layers: 1, capacity: T });
      for (let i = 0; i < 3; i++) layer.apply(x, { cache }).dispose();
      cache.dispose();
    });
    layer.dispose();
  });
});

describe('a key mask', () => {
  it('hides keys: what is padded equals the same without padding', async () => {
    for (const causal of [true, false]) {
      const layer = create({ causal });
      const x = input();
      const keyMask = tf.tensor2d([1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0], [B, T]);
      const padded = layer.apply(x, { keyMask, queryBlock: 3 }).slice([0, 0, 0], [B, 4, D]);
      await expectAllClose(padded, layer.apply(x.slice([0, 0, 0], [B, 4, D])), tolerance(3));
      if (!causal)
        expect(await maxDifference(padded, layer.apply(x).slice([0, 0, 0], [B, 4, D]))).toBeGreaterThan(0.01);
      layer.dispose();
    }
  });

  it('must have the shape of the input', () => {
    const layer = create();
    expect(() => layer.apply(input(), { keyMask: tf.ones([B, T - 1]) })).toThrow(
      'must have shape [2, 7], got [2, 6]',
    );
    layer.dispose();
  });
});

it('shows its maps to who asks, in blocks too', async () => {
  const layer = create({ causal: true });
  const maps: Record<'scores' | 'processed' | 'weights', tf.Tensor[]> = {
    scores: [],
    processed: [],
    weights: [],
  };
  const observe = ({ scores, processed, weights }: AttentionMaps) => {
    maps.scores.push(tf.keep(tf.clone(scores)));
    maps.processed.push(tf.keep(tf.clone(processed)));
    maps.weights.push(tf.keep(tf.clone(weights)));
  };
  const y = layer.apply(input(), { observe });
  layer.apply(input(), { observe, queryBlock: 4 });
  expect(maps.scores.map(({ shape }) => shape)).toEqual([
    [B, H, T, T],
    [B, H, 4, 4],
    [B, H, 3, T],
  ]);
  const [whole, , last] = maps.weights as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  await expectAllClose(last, whole.slice([0, 0, 4, 0], [B, H, 3, T]), tolerance(3));
  await expectAllClose(whole.sum(-1), new Array(B * H * T).fill(1));
  await expectAllClose(
    tf.sub(maps.scores[0] as tf.Tensor, maps.processed[0] as tf.Tensor).slice([0, 0, 5, 0], [1, 1, 1, 3]),
    [1.5, 1.2, 0.9],
    tolerance(10),
  );
  expect(y.shape).toEqual([B, T, D]);
  layer.dispose();
});
