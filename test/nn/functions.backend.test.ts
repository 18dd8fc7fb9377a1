import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { crossEntropy, embed, gelu, geluTanh, layerNorm, maskedSoftmax } from '../../src/nn/index.ts';
import * as oracle from '../oracle/nn/functions.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { normalMatrix } from './weights.ts';

describe('layerNorm', () => {
  const gain = [0.5, -1.5, 2, 1, 0.1];
  const bias = [0.3, 0, -0.7, 1, 2];

  it('equals the definition in two and three dimensions', async () => {
    const { tensor, rows } = normalMatrix(1, [2, 3, 5]);
    const expected = oracle.layerNorm(rows, gain, bias, 1e-5);
    const [g, b] = [tf.tensor1d(gain), tf.tensor1d(bias)];
    await expectAllClose(layerNorm(tensor, g, b, 1e-5), expected);
    await expectAllClose(layerNorm(tensor.reshape([6, 5]), g, b, 1e-5), expected);
  });

  it('adds ε to the variance, inside the root', async () => {
    // x = [−1, 1]: mean 0, variance 1; with ε = 3 the output is x / √4.
    const y = layerNorm(tf.tensor2d([[-1, 1]]), tf.ones([2]), tf.zeros([2]), 3);
    await expectAllClose(y, [-0.5, 0.5]);
  });

  it('keeps its precision for values far from 0', async () => {
    const x = [[1000.5, 1001, 1001.5, 1002, 1002.5]];
    const y = layerNorm(tf.tensor2d(x), tf.ones([5]), tf.zeros([5]), 1e-5);
    // The mean of such numbers is rounded by up to 6e-5, a tenth of a thousandth of the deviation 0.7.
    await expectAllClose(y, oracle.layerNorm(x, [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], 1e-5), { atol: 2e-4 });
  });

  it('has the right gradient for x, gain and bias', async () => {
    const { tensor } = normalMatrix(2, [2, 3, 5]);
    await expectGradientsMatch(
      (x, g, b) => layerNorm(x as tf.Tensor, g as tf.Tensor, b as tf.Tensor, 1e-5),
      [tensor, tf.tensor1d(gain), tf.tensor1d(bias)],
    );
  });
});

describe('gelu', () => {
  const points = [-9, -5, -3, -1.5, -0.75, -1e-3, 0, 1e-3, 0.3, 1, 2.5, 4, 9];

  it('equals x·Φ(x), and the known value at 1', async () => {
    await expectAllClose(gelu(tf.tensor1d(points)), points.map(oracle.gelu));
    await expectAllClose(gelu(tf.tensor1d([1])), [0.8413447460685429]); // Φ(1)
  });

  it('geluTanh equals its formula', async () => {
    await expectAllClose(geluTanh(tf.tensor1d(points)), points.map(oracle.geluTanh));
  });

  it.each([
    ['gelu', gelu, oracle.gelu],
    ['geluTanh', geluTanh, oracle.geluTanh],
  ] as const)('%s has the right gradient', async (_, activation, reference) => {
    const gradient = tf.grad((x) => activation(x))(tf.tensor1d(points));
    const h = 1e-5; // of a float64 central difference: error below 1e-9
    const slopes = points.map((x) => (reference(x + h) - reference(x - h)) / (2 * h));
    // Below −4.5, 1 + tanh u is a few units in the last place of 1 (6e-8), and x·u′ multiplies that by 30.
    await expectAllClose(gradient, slopes, { atol: 4e-6 });
  });
});

describe('maskedSoftmax', () => {
  it.each([
    [true, 4, 4],
    [false, 4, 4],
    [true, 2, 5],
  ])('equals the definition: causal %s, %d queries, %d keys', async (causal, queries, keys) => {
    const { tensor, rows } = normalMatrix(3, [2, 3, queries, keys], 3);
    const expected = Array.from({ length: 6 }, (_, i) =>
      oracle.maskedSoftmax(rows.slice(i * queries, (i + 1) * queries), causal),
    );
    await expectAllClose(maskedSoftmax(tensor as tf.Tensor4D, causal), expected);
  });

  it('gives masked keys exactly 0, whatever their scores', async () => {
    const scores = tf.tensor4d([0, 1e4, 5, 1, 2, 1e6, 1, 2, 3], [1, 1, 3, 3]);
    const weights = await maskedSoftmax(scores, true).data();
    expect([weights[0], weights[1], weights[2], weights[5]]).toEqual([1, 0, 0, 0]);
  });

  it('has the right gradient, and none through a masked key', async () => {
    const { tensor } = normalMatrix(4, [1, 2, 4, 4]);
    for (const causal of [true, false]) {
      await expectGradientsMatch((s) => maskedSoftmax(s as tf.Tensor4D, causal), [tensor]);
    }
    const weights = normalMatrix(5, [1, 2, 4, 4]).tensor;
    const gradient = await tf
      .grad((s) =>
        maskedSoftmax(s as tf.Tensor4D, true)
          .mul(weights)
          .sum(),
      )(tensor)
      .data();
    for (let query = 0; query < 4; query++) {
      for (let key = query + 1; key < 4; key++) expect(Math.abs(gradient[query * 4 + key] as number)).toBe(0);
    }
  });
});

describe('crossEntropy', () => {
  const labels = [2, 0, 3, 3, 1];
  const labelTensor = () => tf.tensor1d(labels, 'int32');
  const weights = [1, 0, 0.5, 2, 0];

  it('equals −log softmax at the label, averaged', async () => {
    const { tensor, rows } = normalMatrix(6, [5, 4], 2);
    const logits = tensor as tf.Tensor2D;
    await expectAllClose(crossEntropy(logits, labelTensor()), [oracle.crossEntropy(rows, labels)]);
    await expectAllClose(crossEntropy(logits, labelTensor(), tf.tensor1d(weights)), [
      oracle.crossEntropy(rows, labels, weights),
    ]);
  });

  it('is log V for equal logits, and does not overflow', async () => {
    await expectAllClose(crossEntropy(tf.zeros([5, 4]), labelTensor()), [Math.log(4)]);
    const far = tf.tensor2d([[1e4, -1e4, 0]]);
    await expectAllClose(crossEntropy(far, tf.tensor1d([1], 'int32')), [2e4]);
    await expectAllClose(crossEntropy(far, tf.tensor1d([0], 'int32')), [0]);
  });

  it('is 0, with gradient 0, where all weights are', async () => {
    const logits = normalMatrix(7, [5, 4]).tensor;
    const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
      crossEntropy(x as tf.Tensor2D, labelTensor(), tf.zeros([5])),
    )(logits);
    await expectAllClose(value, [0], { atol: 0, rtol: 0 });
    await expectAllClose(grad, new Array(20).fill(0), { atol: 0, rtol: 0 });
  });

  it('has the right gradient, also behind a factor', async () => {
    const logits = normalMatrix(8, [5, 4], 2).tensor;
    await expectGradientsMatch((x) => crossEntropy(x as tf.Tensor2D, labelTensor()).mul(3), [logits]);
    await expectGradientsMatch(
      (x) => crossEntropy(x as tf.Tensor2D, labelTensor(), tf.tensor1d(weights)),
      [logits],
    );
  });

  it('takes a large vocabulary', async () => {
    const { tensor, rows } = normalMatrix(9, [6, 5000], 2);
    const many = [...new RandomNumbers(10).integers(6, 5000)];
    const loss = crossEntropy(tensor as tf.Tensor2D, tf.tensor1d(many, 'int32'));
    await expectAllClose(loss, [oracle.crossEntropy(rows, many)], tolerance(3)); // a sum of 5,000 exponentials
  });

  it('refuses shapes that do not match', () => {
    const logits = tf.zeros([5, 4]) as tf.Tensor2D;
    expect(() => crossEntropy(logits, tf.tensor1d([1, 2], 'int32'))).toThrow(
      /labels must have shape \[5\], got \[2\]/,
    );
    expect(() => crossEntropy(logits, labelTensor(), tf.zeros([4]))).toThrow(
      /weights must have shape \[5\], got \[4\]/,
    );
  });
});

describe('embed', () => {
  const table = normalMatrix(11, [5, 3]);
  const indices = [4, 0, 4, 2];

  it('looks rows up', async () => {
    const rows = embed(table.tensor as tf.Tensor2D, tf.tensor2d(indices, [2, 2], 'int32'));
    expect(rows.shape).toEqual([2, 2, 3]);
    await expectAllClose(
      rows,
      indices.map((index) => oracle.row(table.rows, index)),
    );
  });

  it('sums the gradients of a row that was asked for twice, and gives 0 to the others', async () => {
    const dy = normalMatrix(12, [4, 3]);
    const gradient = tf.grad((t: tf.Tensor) => embed(t as tf.Tensor2D, tf.tensor1d(indices, 'int32')))(
      table.tensor,
      dy.tensor,
    );
    const expected = table.rows.map((_, index) =>
      [0, 1, 2].map((column) =>
        indices.reduce(
          (sum, asked, i) => sum + (asked === index ? oracle.at(oracle.row(dy.rows, i), column) : 0),
          0,
        ),
      ),
    );
    await expectAllClose(gradient, expected);
  });
});

it('no function leaks, with or without gradient', async () => {
  const x = normalMatrix(13, [2, 2, 4, 4]).tensor;
  const table = tf.ones([4, 4]) as tf.Tensor2D;
  const labels = tf.tensor1d([0, 1, 2, 3], 'int32');
  const functions: ((x: tf.Tensor) => tf.Tensor)[] = [
    gelu,
    geluTanh,
    (x) => layerNorm(x, table.slice([0, 0], [1, 4]).reshape([4]), tf.zeros([4]), 1e-5),
    (x) => maskedSoftmax(x as tf.Tensor4D, true),
    (x) => crossEntropy(x.reshape([16, 4]) as tf.Tensor2D, tf.tile(labels, [4])),
    (x) => embed(x.reshape([16, 4]) as tf.Tensor2D, labels),
  ];
  for (const f of functions) {
    await expectNoLeak(() => tf.tidy(() => f(x)).dispose());
    await expectNoLeak(() =>
      tf
        .grad((x) => f(x).sum())(x)
        .dispose(),
    );
  }
  await expectNoLeak(() => {
    const bare = [gelu(x), geluTanh(x), maskedSoftmax(x as tf.Tensor4D, true), embed(table, labels)];
    tf.dispose([...bare, crossEntropy(table, labels)]);
  });
});
