import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { AdamW, adamwStep, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { AdamWOracle } from '../oracle/optimizers/adamw.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { MODES, slotValues, stepper, variableOf } from './stepper.ts';

it.each(MODES)('W1: the golden steps, %s', async (mode) => {
  const expected = [
    [0.489500001, -0.2897000005, 0.789200000333, -1.20879999975, 0.689300002, 0.109899999833],
    [0.486347130939, -0.291037623044, 0.779700161215, -1.21741695029, 0.693552599889, 0.118500739146],
  ];
  const gradients = [
    [0.1, -0.2, 0.3, 0.4, 0.05, -0.6],
    [-0.05, 0.25, 0.1, 0.3, -0.15, -0.2],
  ];
  const variable = variableOf([0.5, -0.3, 0.8, -1.2, 0.7, 0.1], [2, 3]);
  const optimizer = new AdamW({ learningRate: 1e-2, weightDecay: 0.1 });
  const steps = stepper(mode, optimizer, variable);
  for (const [t, gradient] of gradients.entries()) {
    steps.step(gradient);
    // The spec's bound for float32: |W − golden| ≤ 2e-6 · max(1, |golden|).
    await expectAllClose(variable, expected[t] as number[], { rtol: 2e-6, atol: 2e-6 });
  }
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
});

it.each(MODES.flatMap((mode) => [[], [5], [4, 3], [2, 2, 3, 4]].map((shape) => [mode, shape] as const)))(
  '%s: 12 steps of shape [%s] agree with the float64 oracle',
  async (mode, shape) => {
    const random = new RandomNumbers(shape.length + 1);
    const size = tf.util.sizeFromShape(shape);
    const weights = Array.from(random.normals(size));
    const options = { learningRate: 1e-2, weightDecay: 0.05 };
    const oracle = new AdamWOracle(weights, options);
    const variable = variableOf(weights, shape);
    const optimizer = new AdamW(options);
    const steps = stepper(mode, optimizer, variable);
    for (let t = 0; t < 12; t++) {
      const gradient = Array.from(random.normals(size));
      steps.step(gradient);
      oracle.step(gradient);
      // Each step rounds W (6e-8) and an update of about η.
      await expectAllClose(variable, oracle.weights, { rtol: 2e-6, atol: 2e-6 });
    }
    const { m, v } = await slotValues(optimizer, 'adamw_');
    await expectAllClose(m as number[], oracle.m, { rtol: 1e-5, atol: 1e-6 });
    await expectAllClose(v as number[], oracle.v, { rtol: 1e-5, atol: 1e-6 });
    expect(optimizer.iterations).toBe(12);
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
  },
);

it('the first step by hand, with the pure function', async () => {
  // m = 0.1·[3, −4], v = 0.001·[9, 16]; corrected m̂ = g, v̂ = g²; update = g/(|g| + ε) = ±1 to float32.
  const result = tf.tidy(() => {
    const state = { firstMoment: tf.zeros([2]), secondMoment: tf.zeros([2]) };
    const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 };
    return { ...adamwStep(state, tf.tensor1d([3, -4]), options) };
  });
  const close = { rtol: 1e-6, atol: 0 };
  await expectAllClose(result.firstMoment, [0.3, -0.4], close);
  await expectAllClose(result.secondMoment, [0.009, 0.016], close);
  await expectAllClose(result.update, [1, -1], close);
  tf.dispose(result);
});

it('decays what the mask says, with the learning rate of the step', async () => {
  const matrix = variableOf([1, 2, 3, 4], [2, 2]);
  const vector = variableOf([1, 2], [2]);
  const optimizer = new AdamW({
    learningRate: (step) => [0.1, 0.2][step] as number,
    weightDecay: 0.5,
    decay: noDecayOnVectors,
  });
  const gradients = { [matrix.name]: tf.zeros([2, 2]), [vector.name]: tf.zeros([2]) };
  optimizer.applyGradients(gradients);
  optimizer.applyGradients(gradients);
  // (1 − 0.1·0.5)(1 − 0.2·0.5) = 0.855
  await expectAllClose(matrix, [0.855, 1.71, 2.565, 3.42], { rtol: 1e-6, atol: 0 });
  await expectAllClose(vector, [1, 2], { rtol: 0, atol: 0 });
  optimizer.dispose();
  tf.dispose([matrix, vector, gradients]);
});
