import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { noDecayOnVectors, SM3, SM3_DEFAULTS } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { Sm3Oracle } from '../oracle/optimizers/sm3.ts';
import { expectOracleSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it('the float64 oracle takes the golden steps', () => {
  expectOracleSteps('S1', new Sm3Oracle(F.weights, F.shape, { learningRate: 0.1 }));
  expectOracleSteps('S2', new Sm3Oracle(F.weights, F.shape, { learningRate: 0.1, momentum: 0.9 }));
});

servesLayers('SM3', () => new SM3({ learningRate: 1e-2, weightDecay: 0.1 }));

describe('options', () => {
  it('has defaults', () => {
    expect(new SM3().options).toEqual(SM3_DEFAULTS);
    expect(SM3_DEFAULTS).toMatchObject({ learningRate: 0.1, momentum: 0.9, weightDecay: 0 });
  });

  it('come back from JSON', () => {
    const options = { learningRate: 0.3, momentum: 0.95, weightDecay: 1, decay: noDecayOnVectors };
    const saved = JSON.parse(JSON.stringify(new SM3(options).getConfig()));
    expect(SM3.fromConfig<SM3>(SM3, saved).options).toEqual(options);
  });

  it.each<[string, object, RegExp]>([
    ['μ = 1', { momentum: 1 }, /SM3: momentum must be in \[0, 1\); got 1/],
    ['an unknown one', { beta3: 0.5 }, /SM3 has no option 'beta3'/],
  ])('refuses %s', (_what, given, message) => {
    expect(() => new SM3(given)).toThrow(UserError);
    expect(() => new SM3(given)).toThrow(message);
  });
});
