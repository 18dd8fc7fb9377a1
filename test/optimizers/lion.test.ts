import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { LION_DEFAULTS, Lion, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { LionOracle } from '../oracle/optimizers/lion.ts';
import { expectOracleSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it('the float64 oracle takes the golden steps', () => {
  expectOracleSteps('I1', new LionOracle(F.weights, { learningRate: 1e-2, weightDecay: 0.1 }));
});

servesLayers('Lion', () => new Lion({ learningRate: 1e-2, weightDecay: 0.1 }));

describe('options', () => {
  it("has the authors' defaults", () => {
    expect(new Lion().options).toEqual(LION_DEFAULTS);
    expect(LION_DEFAULTS).toMatchObject({ learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0 });
  });

  it('come back from JSON', () => {
    const options = { learningRate: 3e-4, beta1: 0.95, beta2: 0.98, weightDecay: 1, decay: noDecayOnVectors };
    const saved = JSON.parse(JSON.stringify(new Lion(options).getConfig()));
    expect(Lion.fromConfig<Lion>(Lion, saved).options).toMatchObject(options);
  });

  it.each([
    ['β = 1', { beta2: 1 }, /Lion: beta2 must be in \[0, 1\); got 1/],
    ['an unknown one', { beta3: 0.5 }, /Lion has no option 'beta3'/],
  ])('refuses %s', (_what, given: object, message) => {
    expect(() => new Lion(given)).toThrow(UserError);
    expect(() => new Lion(given)).toThrow(message);
  });
});
