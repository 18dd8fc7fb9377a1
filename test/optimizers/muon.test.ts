import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { MUON_DEFAULTS, Muon, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { F, transposed } from '../came/fixtures.ts';
import { MuonOracle } from '../oracle/optimizers/muon.ts';
import { goldenSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it('the float64 oracle takes the golden steps', () => {
  const { weights, gradients } = transposed(F);
  const oracle = new MuonOracle(weights, [3, 2], { learningRate: 0.02 });
  for (const [t, { p }] of goldenSteps('U1').entries()) {
    oracle.step(gradients[t] as readonly number[]);
    p.forEach((expected, i) => {
      // Element (i, j) of the golden [2, 3]; the golden file has twelve digits.
      expect(oracle.weights[(i % 3) * 2 + Math.floor(i / 3)]).toBeCloseTo(expected, 11);
    });
  }
});

servesLayers('Muon', () => new Muon({ learningRate: 1e-2, adamwRate: 0.3, weightDecay: 0.1 }));

describe('options', () => {
  it("has the authors' defaults, with 3e-4 for AdamW", () => {
    expect(new Muon().options).toEqual(MUON_DEFAULTS);
    const rule = { learningRate: 0.02, momentum: 0.95, nesterov: true, iterations: 5, weightDecay: 0 };
    expect(MUON_DEFAULTS).toMatchObject({ ...rule, beta1: 0.9, beta2: 0.95, epsilon: 1e-10 });
    expect(MUON_DEFAULTS.adamwRate * 0.02).toBeCloseTo(3e-4, 12);
  });

  it('come back from JSON', () => {
    const options = {
      learningRate: 3e-4,
      momentum: 0.9,
      nesterov: false,
      iterations: 3,
      scale: 'adamw',
      adamwRate: 1,
      beta1: 0.8,
      beta2: 0.98,
      epsilon: 1e-6,
      weightDecay: 1,
      decay: noDecayOnVectors,
      groups: [{ match: /layer_head/, muon: false, learningRateScale: 2 }],
    } as const;
    const saved = JSON.parse(JSON.stringify(new Muon(options).getConfig()));
    expect(Muon.fromConfig<Muon>(Muon, saved).options).toEqual(options);
    const none = JSON.parse(JSON.stringify(new Muon({ groups: [] }).getConfig()));
    expect(Muon.fromConfig<Muon>(Muon, none).options.groups).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['μ = 1', { momentum: 1 }, /Muon: momentum must be in \[0, 1\); got 1/],
    ['half an iteration', { iterations: 0.5 }, /Muon: iterations must be a whole number/],
    ['an unknown scale', { scale: 'torch' }, /Muon: scale must be one of spectral, adamw; got torch/],
    ['a choice that is none', { nesterov: 'yes' }, /Muon: nesterov must be true or false; got yes/],
    [
      'a group that says nothing',
      { groups: [{ match: /a/, muon: 1 }] },
      /groups\[0\].muon must be true or false/,
    ],
    ['an unknown one', { beta3: 0.5 }, /Muon has no option 'beta3'/],
  ])('refuses %s', (_what, given, message) => {
    expect(() => new Muon(given)).toThrow(UserError);
    expect(() => new Muon(given)).toThrow(message);
  });
});
