import { expect, it } from 'vitest';
import { SGDMomentum } from '../../src/optimizers/index.ts';
import { SgdMomentumOracle } from '../oracle/optimizers/sgd-momentum.ts';
import { expectAllClose } from '../support/allclose.ts';
import { agreesWithOracle, followsGroups, keepsTheContract } from './contract.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

it.each([
  // b: 1, 1.5; W: 1 − 0.1, then − 0.15
  ['plain', { momentum: 0.5 }, [0.9, 0.75]],
  // g + μb: 1 + 0.5·1, 1 + 0.5·1.5
  ['Nesterov', { momentum: 0.5, nesterov: true }, [0.85, 0.675]],
  ['without momentum', { momentum: 0 }, [0.9, 0.8]],
  // (1 − 0.1·2) = 0.8 of the weight, then the step: 0.8 − 0.1; 0.56 − 0.15
  ['decoupled decay', { momentum: 0.5, weightDecay: 2 }, [0.7, 0.41]],
] as const)('two steps by hand, gradient 1, η = 0.1: %s', async (_what, options, expected) => {
  for (const mode of MODES) {
    const variable = variableOf([1], [1]);
    const optimizer = new SGDMomentum({ learningRate: 0.1, ...options });
    const steps = stepper(mode, optimizer, variable);
    for (const w of expected) {
      steps.step([1]);
      await expectAllClose(variable, [w], { rtol: 1e-6, atol: 0 });
    }
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
  }
});

it('a lower learning rate acts on the momentum at once', async () => {
  const variable = variableOf([0], [1]);
  const optimizer = new SGDMomentum({ learningRate: (step) => [1, 0][step] as number });
  const { step } = stepper('eager', optimizer, variable);
  step([1]);
  step([1]);
  await expectAllClose(variable, [-1], { rtol: 0, atol: 0 });
  optimizer.dispose();
  variable.dispose();
});

for (const nesterov of [false, true]) {
  const options = { learningRate: 1e-2, weightDecay: 0.05, nesterov };
  agreesWithOracle(
    nesterov ? 'Nesterov' : 'plain',
    'sgd_',
    () => new SGDMomentum(options),
    (_shape, weights) => {
      const oracle = new SgdMomentumOracle(weights, options);
      return Object.assign(oracle, { slots: { m: oracle.m } });
    },
  );
}

keepsTheContract('SGDMomentum', () => new SGDMomentum({ weightDecay: 0.1, nesterov: true }), [
  [[6, 4], 24],
  [[5, 6, 4], 120],
  [[9], 9],
  [[], 1],
]);

keepsTheContract('SGDMomentum without momentum', () => new SGDMomentum({ momentum: 0 }), [
  [[6, 4], 0],
  [[9], 0],
]);

it('without momentum has nothing to save but the count', async () => {
  const variable = variableOf([1, 2], [2]);
  const [one, two] = [new SGDMomentum({ momentum: 0 }), new SGDMomentum({ momentum: 0 })];
  stepper('eager', one, variable).step([1, 1]);
  const weights = await one.getWeights();
  expect(weights.map(({ name }) => name)).toEqual(['iter']);
  await two.setWeights(weights);
  expect(two.iterations).toBe(1);
  one.dispose();
  two.dispose();
  variable.dispose();
});

followsGroups('SGDMomentum', (shared) => new SGDMomentum(shared));
followsGroups('SGDMomentum without momentum', (shared) => new SGDMomentum({ momentum: 0, ...shared }));
