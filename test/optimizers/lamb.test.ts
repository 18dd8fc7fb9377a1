import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { LAMB, LAMB_DEFAULTS, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { LambOracle } from '../oracle/optimizers/lamb.ts';
import { expectOracleSteps, goldenSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it.each([
  ['L1', true],
  ['L2', false],
] as const)('the float64 oracle takes the golden steps %s', (id, biasCorrection) => {
  const oracle = new LambOracle(F.weights, { learningRate: 1e-2, weightDecay: 0.1, biasCorrection });
  expectOracleSteps(id, oracle);
  expect(oracle.trust).toBeCloseTo(goldenSteps(id)[1]?.trust as number, 10);
});

servesLayers('LAMB', () => new LAMB({ learningRate: 1e-2 }));
servesLayers(
  'LAMB with a trust ratio on matrices',
  () => new LAMB({ learningRate: 1e-2, decay: noDecayOnVectors, trustRatio: 'decayed' }),
);

describe('options', () => {
  it("has the authors' defaults", () => {
    expect(new LAMB().options).toMatchObject(LAMB_DEFAULTS);
    expect(LAMB_DEFAULTS).toMatchObject({ beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weightDecay: 0.01 });
  });

  it('come back from JSON', () => {
    const options = {
      learningRate: 3e-4,
      beta1: 0.8,
      beta2: 0.95,
      epsilon: 1e-7,
      weightDecay: 1,
      decay: noDecayOnVectors,
      biasCorrection: false,
      trustRatio: 'decayed',
    } as const;
    const saved = JSON.parse(JSON.stringify(new LAMB(options).getConfig()));
    expect(LAMB.fromConfig<LAMB>(LAMB, saved).options).toMatchObject(options);
  });

  it.each([
    ['β = 1', { beta2: 1 }, /LAMB: beta2 must be in \[0, 1\); got 1/],
    ['ε = 0', { epsilon: 0 }, /LAMB: epsilon/],
    ['another trust ratio', { trustRatio: 'none' }, /LAMB: trustRatio must be one of all, decayed; got none/],
    ['a bias correction that is no truth value', { biasCorrection: 'full' }, /biasCorrection.*full/],
  ])('refuses %s', (_what, given: object, message) => {
    expect(() => new LAMB(given)).toThrow(UserError);
    expect(() => new LAMB(given)).toThrow(message);
  });
});
