import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  type AttentionContext,
  createParameter,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
  normal,
  type ScoreProcessor,
} from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import * as oracle from '../oracle/nn/functions.ts';
import { type AttentionWeights, attention } from '../oracle/nn/language-model.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { normalMatrix, randomizeParameters, readWeights } from './weights.ts';

const stream = () => RandomStream.fromSeed(1, 'init');
const [B, T, D, H] = [2, 5, 6, 3];

/** With random weights, biases included. */
function create(options: Partial<MultiHeadAttentionOptions> = {}): MultiHeadAttention {
  const layer = new MultiHeadAttention({ width: D, heads: H, causal: true, ...options }, stream());
  randomizeParameters(layer, 2);
  return layer;
}

describe('MultiHeadAttention', () => {
  it.each([true, false])('equals the oracle, causal %s', async (causal) => {
    const layer = create({ causal });
    const weights = await readWeights<AttentionWeights>(layer);
    const { tensor, rows } = normalMatrix(3, [B, T, D]);
    const expected = [0, 1].map((b) =>
      attention(rows.slice(b * T, (b + 1) * T), weights, { heads: H, causal }),
    );
    const y = layer.apply(tensor);
    expect(y.shape).toEqual([B, T, D]);
    await expectAllClose(y, expected, tolerance(3)); // four products in a row
    layer.dispose();
  });

  it('by hand: with all scores equal, causal attention is the running mean of the values', async () => {
    const layer = new MultiHeadAttention({ width: 1, heads: 1, causal: true }, stream());
    layer.queryKeyValue.weight.variable.assign(tf.tensor2d([[0, 0, 1]])); // q = k = 0, v = x
    layer.output.weight.variable.assign(tf.tensor2d([[10]]));
    // means of 1; 1, 2; 1, 2, 6; times 10
    await expectAllClose(layer.apply(tf.tensor3d([1, 2, 6], [1, 3, 1])), [10, 15, 30]);
    layer.dispose();
  });

  it('has the right gradient for input and weights', async () => {
    const layer = create();
    const { tensor } = normalMatrix(4, [B, T, D]);
    await expectGradientsMatch((x) => layer.apply(x as tf.Tensor), [tensor]);
    const weights = await readWeights<AttentionWeights>(layer);
    const { rows } = normalMatrix(4, [B, T, D]);
    const dy = normalMatrix(5, [B, T, D]);
    const { grads } = tf.variableGrads(() => layer.apply(tensor).mul(dy.tensor).sum() as tf.Scalar);
    const gradient = await (grads[layer.queryKeyValue.weight.variable.name] as tf.Tensor).data();
    const loss = (kernel: oracle.Matrix) =>
      [0, 1]
        .flatMap((b) =>
          attention(
            rows.slice(b * T, (b + 1) * T),
            { ...weights, queryKeyValue: { ...weights.queryKeyValue, weight: kernel } },
            { heads: H, causal: true },
          ),
        )
        .reduce(
          (sum, values, i) =>
            sum + values.reduce((s, v, j) => s + v * oracle.at(oracle.row(dy.rows, i), j), 0),
          0,
        );
    const kernel = weights.queryKeyValue.weight;
    const slopes = kernel.flatMap((values, i) =>
      values.map((_, j) => {
        const moved = (h: number) =>
          kernel.map((r, k) => r.map((value, l) => (k === i && l === j ? value + h : value)));
        return (loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5;
      }),
    );
    await expectAllClose(gradient, slopes, tolerance(10)); // sums of ten rows through softmax and four products
    layer.dispose();
  });

  it('never lets a later position change an earlier one', async () => {
    const layer = create();
    const { tensor } = normalMatrix(6, [1, T, D]);
    const before = await layer.apply(tensor).slice([0, 0, 0], [1, 3, D]).data();
    const changed = tf.concat(
      [tensor.slice([0, 0, 0], [1, 3, D]), normalMatrix(7, [1, 2, D], 100).tensor],
      1,
    );
    expect(await layer.apply(changed).slice([0, 0, 0], [1, 3, D]).data()).toEqual(before);
    layer.dispose();
  });

  it('lists its parameters, and refuses heads or inputs that do not fit', () => {
    const layer = create();
    expect(layer.parameters().map(({ name, decay, variable }) => [name, decay, variable.shape])).toEqual([
      ['queryKeyValue.weight', true, [D, 3 * D]],
      ['queryKeyValue.bias', false, [3 * D]],
      ['output.weight', true, [D, D]],
      ['output.bias', false, [D]],
    ]);
    expect(() => layer.apply(tf.zeros([2, D]))).toThrow(`must have shape [B, T, ${D}], got [2, ${D}]`);
    expect(() => create({ heads: 4 })).toThrow(UserError);
    expect(() => create({ heads: 4 })).toThrow('4 heads do not divide the width 6');
    layer.dispose();
  });

  it('starts with the Xavier bound of [D, D] in all four kernels', async () => {
    const layer = new MultiHeadAttention({ width: 100, heads: 4, causal: true }, stream());
    for (const { weight } of [layer.queryKeyValue, layer.output]) {
      const largest = (await weight.variable.abs().max().data())[0] as number;
      expect(largest / Math.sqrt(6 / 200)).toBeGreaterThan(0.999);
      expect(largest / Math.sqrt(6 / 200)).toBeLessThanOrEqual(1 + 1e-6);
    }
    layer.dispose();
  });

  it('does not leak, and frees all it made', async () => {
    const x = normalMatrix(8, [B, T, D]).tensor;
    await expectNoLeak(() => {
      const layer = new MultiHeadAttention(
        {
          width: D,
          heads: H,
          causal: true,
          dropout: { rate: 0.5, stream: stream() },
          process: (scores) => tf.mul(scores, 2),
          queryKeyTransform: (q, k) => [tf.mul(q, 2), tf.neg(k)],
        },
        stream(),
      );
      layer.apply(x).dispose();
      const { value, grads } = tf.variableGrads(() => layer.apply(x, { training: true }).sum() as tf.Scalar);
      tf.dispose([value, ...Object.values(grads)]);
      layer.dispose();
    });
  });
});

describe('what is passed in', () => {
  const x = () => normalMatrix(9, [B, T, D]);

  it('process changes the scores before the mask, and sees its context', async () => {
    let seen: AttentionContext | undefined;
    const layer = create({
      layer: 7,
      process: (scores, context) => {
        seen = context;
        const slope = tf.tensor4d([0.1, 0.2, 0.3], [1, H, 1, 1]);
        const key = tf.range(0, context.keyLength).reshape([1, 1, 1, context.keyLength]);
        return tf.add(scores, tf.mul(slope, key)); // as ALiBi, up to a constant of each row
      },
    });
    const weights = await readWeights<AttentionWeights>(layer);
    const { tensor, rows } = x();
    const process = (scores: oracle.Matrix, head: number) =>
      scores.map((values) => values.map((score, key) => score + 0.1 * (head + 1) * key));
    const expected = [0, 1].map((b) =>
      attention(rows.slice(b * T, (b + 1) * T), weights, { heads: H, causal: true, process }),
    );
    await expectAllClose(layer.apply(tensor, { training: true }), expected, tolerance(3));
    const { queries, keys, ...facts } = seen as AttentionContext;
    expect(facts).toEqual({
      queryLength: T,
      keyLength: T,
      firstQuery: 0,
      heads: H,
      headDim: D / H,
      causal: true,
      training: true,
      layer: 7,
      cached: false,
    });
    expect([queries.shape, keys.shape]).toEqual([
      [B, H, T, D / H],
      [B, H, T, D / H],
    ]);
    layer.dispose();
  });

  it('the context holds the queries, divided by √d, and the keys that the scores come from', async () => {
    let difference: tf.Tensor | undefined;
    const layer = create({
      process: (scores, { queries, keys }) => {
        difference = tf.keep(tf.sub(scores, tf.matMul(queries, keys, false, true)));
        return scores;
      },
    });
    layer.apply(x().tensor).dispose();
    await expectAllClose(difference as tf.Tensor, new Array(B * H * T * T).fill(0), tolerance(5));
    difference?.dispose();
    layer.dispose();
  });

  it('process may have weights, which the attention then owns and trains', async () => {
    const bias = createParameter('bias', [1, H, 1, T], normal(1), stream(), false);
    const process: ScoreProcessor = Object.assign(
      (scores: tf.Tensor4D) => tf.add(scores, bias.variable) as tf.Tensor4D,
      { parameters: () => [bias], dispose: () => bias.variable.dispose() },
    );
    const layer = create({ process });
    expect(layer.parameters().at(-1)?.name).toBe('scores.bias');
    const { grads } = tf.variableGrads(() => layer.apply(x().tensor).square().sum() as tf.Scalar);
    const largest = (await (grads[bias.variable.name] as tf.Tensor).abs().max().data())[0] as number;
    expect(largest).toBeGreaterThan(1e-3);
    layer.dispose();
    expect(bias.variable.isDisposed).toBe(true);
  });

  it('process may not change the shape of the scores', () => {
    const layer = create({ process: (scores) => scores.slice([0, 0, 0, 0], [1, H, T, T]) });
    expect(() => layer.apply(x().tensor)).toThrow(
      /process.*must have shape \[2, 3, 5, 5\], got \[1, 3, 5, 5\]/,
    );
    layer.dispose();
  });

  it('queryKeyTransform changes queries and keys before their product', async () => {
    const doubled = create({ queryKeyTransform: (q, k) => [tf.mul(q, 2), tf.mul(k, 0.5)] });
    const plain = create();
    const swappedSign = create({ queryKeyTransform: (q, k) => [tf.neg(q), k] });
    const { tensor } = x();
    await expectAllClose(doubled.apply(tensor), plain.apply(tensor)); // powers of two cancel exactly
    const difference = tf.sub(swappedSign.apply(tensor), plain.apply(tensor)).abs().max();
    expect((await difference.data())[0]).toBeGreaterThan(0.01);
    for (const layer of [doubled, plain, swappedSign]) layer.dispose();
  });

  it('dropout falls on the attention weights, in training alone', async () => {
    const options = { dropout: { rate: 0.5, stream: RandomStream.fromSeed(1, 'dropout') } };
    const [dropping, plain] = [create(options), create()];
    const { tensor } = x();
    await expectAllClose(dropping.apply(tensor), plain.apply(tensor), { rtol: 0, atol: 0 });
    const [a, b] = [dropping.apply(tensor, { training: true }), dropping.apply(tensor, { training: true })];
    expect((await tf.sub(a, b).abs().max().data())[0]).toBeGreaterThan(0.01);
    dropping.dispose();
    plain.dispose();
  });
});
