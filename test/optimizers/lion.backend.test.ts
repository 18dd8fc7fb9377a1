import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { Lion, lionStep } from '../../src/optimizers/index.ts';
import { LionOracle } from '../oracle/optimizers/lion.ts';
import { expectAllClose } from '../support/allclose.ts';
import { agreesWithOracle, followsGroups, keepsTheContract } from './contract.ts';
import { expectGoldenSteps } from './golden-steps.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

it.each(MODES)('I1: the golden steps, %s', async (mode) => {
  await expectGoldenSteps('I1', mode, new Lion({ learningRate: 1e-2, weightDecay: 0.1 }), 'lion_');
});

const options = { learningRate: 1e-2, weightDecay: 0.05 };
agreesWithOracle(
  'λ = 0.05',
  'lion_',
  () => new Lion(options),
  (_shape, weights) => {
    const oracle = new LionOracle(weights, options);
    return Object.assign(oracle, { slots: { m: oracle.m } });
  },
);

it('the first step by hand, with the pure function', async () => {
  // c = 0.9·[1, −1, 0, 1] + 0.1·[1, 20, 0, −9] = [1, 1.1, 0, 0]; m = 0.99·m + 0.01·g.
  const result = tf.tidy(() => {
    const gradient = tf.tensor1d([1, 20, 0, -8]);
    return { ...lionStep({ momentum: tf.tensor1d([1, -1, 0, 1]) }, gradient, { beta1: 0.9, beta2: 0.99 }) };
  });
  await expectAllClose(result.update, [1, 1, 0, 1], { rtol: 0, atol: 0 });
  await expectAllClose(result.momentum, [1, -0.79, 0, 0.91], { rtol: 1e-6, atol: 1e-7 });
  tf.dispose(result);
});

it('moves each weight by η whatever the size of its gradient, and not at all where it is zero', async () => {
  const variable = variableOf([0, 0, 0, 0], [4]);
  const optimizer = new Lion({ learningRate: 0.5 });
  // 1e-20 is nothing to the tf.sign of wasm. WGSL divides to 2.5 units in the last place.
  stepper('eager', optimizer, variable).step([1e-20, -1e20, 0, 3]);
  await expectAllClose(variable, [-0.5, 0.5, 0, -0.5], {
    rtol: tf.getBackend() === 'webgpu' ? 3e-7 : 0,
    atol: 0,
  });
  expect(optimizer.stateSummary()[0]?.slots).toEqual({ m: [4] });
  optimizer.dispose();
  variable.dispose();
});

it('does not hide a gradient that is not finite', async () => {
  const variable = variableOf([0, 0, 0], [3]);
  const optimizer = new Lion({ learningRate: 0.5 });
  stepper('eager', optimizer, variable).step([Number.NaN, 1, Number.POSITIVE_INFINITY]);
  expect(Array.from(await variable.data())).toEqual([Number.NaN, -0.5, Number.NaN]);
  optimizer.dispose();
  variable.dispose();
});

keepsTheContract('Lion', () => new Lion({ learningRate: 1e-3, weightDecay: 0.1 }), [
  [[6, 4], 24],
  [[5, 6, 4], 120],
  [[9], 9],
  [[], 1],
]);

followsGroups('Lion', (shared) => new Lion(shared));
