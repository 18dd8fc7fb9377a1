import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { SM3, sm3Step } from '../../src/optimizers/index.ts';
import { Sm3Oracle } from '../oracle/optimizers/sm3.ts';
import { expectAllClose } from '../support/allclose.ts';
import { agreesWithOracle, keepsTheContract } from './contract.ts';
import { expectGoldenSteps } from './golden-steps.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

it.each(MODES)('S1: the golden steps without momentum, %s', async (mode) => {
  await expectGoldenSteps('S1', mode, new SM3({ learningRate: 0.1, momentum: 0 }), 'sm3_');
});

it.each(MODES)('S2: the golden steps with momentum, %s', async (mode) => {
  await expectGoldenSteps('S2', mode, new SM3({ learningRate: 0.1, momentum: 0.9 }), 'sm3_');
});

for (const momentum of [0, 0.9]) {
  const options = { learningRate: 1e-2, momentum, weightDecay: 0.05 };
  agreesWithOracle(
    `μ = ${momentum}`,
    'sm3_',
    () => new SM3(options),
    (shape, weights) => {
      const oracle = new Sm3Oracle(weights, shape, options);
      const slots = () => ({
        ...(momentum > 0 ? { m: oracle.m } : {}),
        ...Object.fromEntries(oracle.accumulators.map((a, axis) => [`a${axis}`, a])),
      });
      return Object.defineProperty(oracle, 'slots', { get: slots }) as Sm3Oracle & {
        slots: ReturnType<typeof slots>;
      };
    },
  );
}

it('the first step by hand, with the pure function', async () => {
  // ν = min(a⁰, a¹) + g² = [[1, 2], [1, 3]] + [[9, 0], [4, 1]] = [[10, 2], [5, 4]]; a⁰ its row maxima, a¹ its column maxima.
  const result = tf.tidy(() => {
    const gradient = tf.tensor2d([3, 0, -2, 1], [2, 2]);
    const { accumulators, update } = sm3Step([tf.tensor1d([2, 3]), tf.tensor1d([1, 3])], gradient);
    return [...accumulators, update] as [tf.Tensor, tf.Tensor, tf.Tensor];
  });
  await expectAllClose(result[0], [10, 5], { rtol: 0, atol: 0 });
  await expectAllClose(result[1], [10, 4], { rtol: 0, atol: 0 });
  await expectAllClose(result[2], [3 / Math.sqrt(10), 0, -2 / Math.sqrt(5), 0.5], { rtol: 1e-6, atol: 1e-7 });
  tf.dispose(result);
});

it('leaves a row that never had a gradient where it is', async () => {
  const variable = variableOf([1, 2, 3, 4], [2, 2]);
  const optimizer = new SM3();
  const { step } = stepper('eager', optimizer, variable);
  for (let t = 0; t < 3; t++) step([0, 0, 1, -1]);
  const values = await variable.data();
  expect(Array.from(values.slice(0, 2))).toEqual([1, 2]);
  expect(values[2]).toBeLessThan(3);
  optimizer.dispose();
  variable.dispose();
});

// m + n, and mn with momentum; Σ of the axes for more of them.
keepsTheContract('SM3', () => new SM3({ learningRate: 1e-2, weightDecay: 0.1 }), [
  [[6, 4], 24 + 6 + 4],
  [[5, 6, 4], 120 + 5 + 6 + 4],
  [[9], 2 * 9],
  [[], 2],
]);
keepsTheContract('SM3 without momentum', () => new SM3({ learningRate: 1e-2, momentum: 0 }), [
  [[6, 4], 6 + 4],
  [[9], 9],
]);
