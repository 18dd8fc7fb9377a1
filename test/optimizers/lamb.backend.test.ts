import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { LAMB, lambTrustRatio, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { LambOracle } from '../oracle/optimizers/lamb.ts';
import { expectAllClose } from '../support/allclose.ts';
import { agreesWithOracle, followsGroups, keepsTheContract } from './contract.ts';
import { expectGoldenSteps } from './golden-steps.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

const given = { learningRate: 1e-2, weightDecay: 0.1 };

it.each(MODES)('L1: the golden steps, %s', async (mode) => {
  await expectGoldenSteps('L1', mode, new LAMB(given), 'lamb_');
});

it.each(MODES)('L2: the golden steps without bias correction, %s', async (mode) => {
  await expectGoldenSteps('L2', mode, new LAMB({ ...given, biasCorrection: false }), 'lamb_');
});

for (const [what, options, trust] of [
  ['with decay', { weightDecay: 0.1 }, true],
  ['without bias correction', { weightDecay: 0.1, biasCorrection: false }, true],
  ['without decay', { weightDecay: 0 }, true],
  ['without decay or trust ratio', { weightDecay: 0, trustRatio: 'decayed' }, false],
] as const) {
  agreesWithOracle(
    what,
    'lamb_',
    () => new LAMB({ learningRate: 1e-2, ...options }),
    (_shape, weights) => {
      const oracle = new LambOracle(weights, { learningRate: 1e-2, ...options, trust });
      return Object.assign(oracle, { slots: { m: oracle.m, v: oracle.v } });
    },
  );
}

it.each([
  // 3-4-5 over 6-8-10
  ['of two norms', [3, 4], [6, 8], 0.5],
  ['of zero weights', [0, 0], [6, 8], 1],
  ['of a zero update', [3, 4], [0, 0], 1],
])('the trust ratio %s', async (_what, weights, update, expected) => {
  const ratio = tf.tidy(() => lambTrustRatio(tf.tensor1d(weights), tf.tensor1d(update)));
  await expectAllClose(ratio, [expected], { rtol: 1e-6, atol: 0 });
  ratio.dispose();
});

it('the first step does not see the size of the gradients, and moves W by η of its norm', async () => {
  // q is ±1 in each of four: ‖q‖ = 2; ‖W‖ = 5·√2 → each element moves by 0.1 · 5√2/2.
  const moved = (0.1 * 5 * Math.SQRT2) / 2;
  for (const scale of [1, 1e6]) {
    const variable = variableOf([3, 4, -3, 4], [2, 2]);
    const optimizer = new LAMB({ learningRate: 0.1, weightDecay: 0 });
    stepper('eager', optimizer, variable).step([scale, -2 * scale, 3 * scale, 0.5 * scale]);
    // ε/|g| = 2e-6 of the smallest gradient.
    await expectAllClose(variable, [3 - moved, 4 + moved, -3 - moved, 4 - moved], { rtol: 3e-6, atol: 0 });
    optimizer.dispose();
    variable.dispose();
  }
});

it.each(MODES)("'decayed': neither decay nor trust ratio on vectors, both on matrices, %s", async (mode) => {
  const options = { learningRate: 1e-2, weightDecay: 0.1 };
  for (const shape of [[2, 2], [4]]) {
    const weights = [3, 4, -3, 4];
    const vector = shape.length === 1;
    const oracle = new LambOracle(weights, vector ? { ...options, weightDecay: 0, trust: false } : options);
    const variable = variableOf(weights, shape);
    const optimizer = new LAMB({ ...options, decay: noDecayOnVectors, trustRatio: 'decayed' });
    const steps = stepper(mode, optimizer, variable);
    for (let t = 0; t < 6; t++) {
      const gradient = [1, 2, 3, 4].map((k) => Math.sin(k + 3 * t));
      steps.step(gradient);
      oracle.step(gradient);
      await expectAllClose(variable, oracle.weights, { rtol: 2e-6, atol: 2e-6 });
    }
    if (!vector) expect(oracle.trust).toBeGreaterThan(2);
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
  }
});

keepsTheContract('LAMB', () => new LAMB(), [
  [[6, 4], 48],
  [[5, 6, 4], 240],
  [[9], 18],
  [[], 2],
]);

followsGroups('LAMB', (shared) => new LAMB(shared));
followsGroups(
  'LAMB with a trust ratio where there is decay',
  (shared) => new LAMB({ trustRatio: 'decayed', ...shared }),
);

it("apex's: the norm of all gradients is clipped to 1 before the moments", async () => {
  // ‖g‖ = 5, so that the moments are those of g/5.
  const variables = [variableOf([1], [1]), variableOf([1], [1])] as const;
  const optimizer = new LAMB({ globalClipNorm: 1 });
  const gradients = { [variables[0].name]: tf.tensor1d([3]), [variables[1].name]: tf.tensor1d([-4]) };
  optimizer.applyGradients(gradients);
  const [, m0, v0, m1, v1] = (await optimizer.getWeights()).map(({ tensor }) => tensor);
  const expected = [0.06, 0.00036, -0.08, 0.00064];
  for (const [k, tensor] of [m0, v0, m1, v1].entries()) {
    await expectAllClose(tensor as tf.Tensor, [expected[k] as number], { rtol: 1e-6, atol: 0 });
  }
  optimizer.dispose();
  tf.dispose([...variables, gradients]);
});
