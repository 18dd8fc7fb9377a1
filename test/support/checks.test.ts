import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { expectAllClose, maxDifference } from './allclose.ts';
import { expectGradientsMatch, expectNoLeak } from './tensors.ts';

// The checks that the other tests lean on must be able to fail.
beforeAll(() => useBackend('js'));

describe('expectAllClose', () => {
  test('passes within rtol and atol, for equal infinities and for NaN against NaN', async () => {
    await expectAllClose(
      [1.000001, Number.POSITIVE_INFINITY, Number.NaN],
      [1, Number.POSITIVE_INFINITY, Number.NaN],
    );
    await expectAllClose([[1.5], [2]], [1, 2], { rtol: 0, atol: 0.5 });
  });
  test('names the worst element and both values', async () => {
    const actual = tf.tensor2d([1, 2, 3, 4.5, 5, 6.1], [2, 3]);
    await expect(expectAllClose(actual, tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]))).rejects.toThrow(
      '2 of 6 elements differ; worst at [1,0]: 4.5 where 4 was expected (difference 5.00e-1',
    );
  });
  test('takes NaN and infinity for wrong', async () => {
    await expect(expectAllClose([1, Number.NaN], [1, 2])).rejects.toThrow('worst at [1]: NaN where 2');
    await expect(expectAllClose([1, 2], [1, Number.NaN])).rejects.toThrow('worst at [1]: 2 where NaN');
    await expect(expectAllClose([Number.POSITIVE_INFINITY], [1])).rejects.toThrow('Infinity where 1');
    await expect(expectAllClose([1], [Number.POSITIVE_INFINITY])).rejects.toThrow('1 where Infinity');
  });
  test('compares shapes', async () => {
    await expect(expectAllClose(tf.ones([2, 3]), tf.ones([3, 2]))).rejects.toThrow(
      'shape [2,3] is not the expected [3,2]',
    );
    await expect(expectAllClose([1], [1, 1])).rejects.toThrow('1 elements where 2 were expected');
  });
  test('maxDifference', async () => {
    expect(await maxDifference([1, 2, 5], [1, 2.5, 4])).toBe(1);
  });
});

test('expectNoLeak finds a tensor that stays', async () => {
  await expectNoLeak(() => tf.ones([2]).dispose());
  await expect(expectNoLeak(() => void tf.ones([2]))).rejects.toThrow('1 tensors and 1 blocks of data more');
});

describe('expectGradientsMatch', () => {
  const x = () => tf.tensor1d([0.5, -1, 2]);
  test('passes a right gradient and finds a wrong one', async () => {
    const square = (factor: number) =>
      tf.customGrad((input) => {
        const at = input as tf.Tensor;
        return { value: at.square(), gradFunc: (dy: tf.Tensor) => dy.mul(at).mul(factor) };
      });
    await expectGradientsMatch(square(2) as (input: tf.Tensor) => tf.Tensor, [x()]);
    await expect(
      expectGradientsMatch(square(2.05) as (input: tf.Tensor) => tf.Tensor, [x()]),
    ).rejects.toThrow('gradient of input 0');
  });
  test('leaves nothing behind', async () => {
    const input = x();
    await expectNoLeak(() => expectGradientsMatch((at) => tf.exp(at as tf.Tensor), [input]));
  });
});
