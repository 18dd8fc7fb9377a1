import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { cdapeScores, scoreConvolution } from '../../methods/cdape/index.ts';
import { UserError } from '../../src/errors.ts';
import * as oracle from '../oracle/cdape/cdape.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { randomValues, tensorsOf } from './fixtures.ts';

const SIZES: oracle.Sizes = { batch: 2, heads: 3, queries: 5, keys: 5, width: 4, kernelSize: 3 };

const CASES: [name: string, sizes: Partial<oracle.Sizes>, withBias: boolean, options: oracle.Options][] = [
  ['k = 3 with a bias', {}, true, {}],
  ['k = 3 without a bias', {}, false, {}],
  ['k = 1', { kernelSize: 1 }, true, {}],
  ['k = 5', { kernelSize: 5 }, true, {}],
  ['k = 7, more than there are keys', { kernelSize: 7, queries: 3, keys: 3 }, false, {}],
  ['k = 5, prefix-consistent', { kernelSize: 5 }, true, { prefixConsistent: true }],
  ['the last queries of more keys', { queries: 2, keys: 6 }, true, {}],
  ['queries from the middle', { queries: 2, keys: 6 }, true, { firstQuery: 3 }],
  ['both directions', {}, true, { causal: false }],
  ['one head, one token', { heads: 1, queries: 1, keys: 1 }, true, {}],
];

describe.each(CASES)('%s', (_, changes, withBias, options) => {
  const sizes = { ...SIZES, ...changes };
  const values = randomValues(sizes, 3, withBias);

  it('equals the oracle', async () => {
    const { scores, bias, weights } = tensorsOf(values, sizes);
    // Two sums of up to 40 products.
    await expectAllClose(
      cdapeScores(scores, bias, weights, options),
      oracle.cdapeScores(values, sizes, options),
      tolerance(3),
    );
  });

  it('has the gradients of the oracle, by every input', async () => {
    const { scores, bias, weights } = tensorsOf(values, sizes);
    const dy = Array.from(new RandomNumbers(4).normals(scores.size));
    const names = ['scores', 'kernel1', 'bias1', 'kernel2', 'bias2', ...(withBias ? ['bias'] : [])] as const;
    const inputs = [scores, ...Object.values(weights), ...(bias ? [bias] : [])] as tf.Tensor[];
    const gradients = tf.grads((...x: tf.Tensor[]) => {
      const [s, kernel1, bias1, kernel2, bias2, p] = x as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor1D,
        tf.Tensor4D,
        tf.Tensor1D,
        tf.Tensor3D,
      ];
      const y = cdapeScores(s, p, { kernel1, bias1, kernel2, bias2 }, options);
      return tf.mul(y, tf.tensor(dy, y.shape)).sum();
    })(inputs);
    for (const [i, name] of names.entries()) {
      const at = values[name as keyof oracle.Values] as readonly number[];
      const loss = (x: readonly number[]) => oracle.cdapeScores({ ...values, [name]: x }, sizes, options);
      // Sums over all scores; the differences themselves are good to 1e-8.
      await expectAllClose(gradients[i] as tf.Tensor, oracle.differences(loss, at, dy), tolerance(10));
    }
  });
});

it('refuses tensors that do not fit together', () => {
  const { scores, bias, weights } = tensorsOf(randomValues(SIZES, 3, true), SIZES);
  expect(() => cdapeScores(scores, undefined, weights)).toThrow(
    'the first kernel, for 3 heads, must have shape [1, k, 3, w], got [1, 3, 6, 4]',
  );
  expect(() => cdapeScores(scores, bias?.slice([0, 0, 0], [3, 5, 4]), weights)).toThrow(
    'the position bias must have shape [3, 5, 5], got [3, 5, 4]',
  );
  const even = { kernel1: weights.kernel1.slice([0, 0, 0, 0], [1, 2, 6, 4]) };
  expect(() => cdapeScores(scores, bias, { ...weights, ...even })).toThrow('kernelSize must be odd');
  const short = { kernel2: weights.kernel2.slice([0, 0, 0, 0], [1, 1, 4, 3]) };
  expect(() => cdapeScores(scores, bias, { ...weights, ...short })).toThrow(UserError);
});

it('leaves nothing behind', async () => {
  const { scores, bias, weights } = tensorsOf(randomValues(SIZES, 3, true), SIZES);
  const single = tensorsOf(randomValues(SIZES, 3, false), SIZES);
  await expectNoLeak(() => {
    cdapeScores(scores, bias, weights).dispose();
    scoreConvolution(single.scores, undefined, single.weights, { prefixConsistent: true }).dispose();
    tf.grad((x) => cdapeScores(x as tf.Tensor4D, bias, weights).sum())(scores).dispose();
  });
});
