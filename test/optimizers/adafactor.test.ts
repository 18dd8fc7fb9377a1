import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { Adafactor, adafactorStepSize, noDecayOnVectors } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { AdafactorOracle } from '../oracle/optimizers/adafactor.ts';
import { expectOracleSteps, goldenSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it.each([
  ['A1', {}],
  ['A2', { relativeStep: false, scaleParameter: false }],
  ['A3', { relativeStep: false, scaleParameter: false, beta1: 0.9, beta2: 0.999 }],
  ['A4', { warmupInit: true }],
] as const)('the float64 oracle takes the golden steps %s', (id, options) => {
  const oracle = new AdafactorOracle(F.shape, F.weights, options);
  expectOracleSteps(id, oracle);
  const { alpha, rms_u: rms } = goldenSteps(id)[1] as unknown as { alpha?: number; rms_u?: number };
  if (alpha !== undefined) expect(oracle.alpha / alpha).toBeCloseTo(1, 10);
  if (rms !== undefined) expect(oracle.rms).toBeCloseTo(rms, 9);
});

servesLayers('Adafactor', () => new Adafactor({ clipThreshold: Number.POSITIVE_INFINITY, weightDecay: 0.1 }));
servesLayers(
  'Adafactor with momentum',
  () => new Adafactor({ learningRate: 1e-2, relativeStep: false, beta1: 0.9, beta2: 0.99 }),
);

it.each([
  ['the cap', 4, 1e-2, {}, 1e-2],
  ['1/√t once that is smaller', 40_000, 1e-2, {}, 5e-3],
  ['a warm-up of 1e-6·t', 100, 1e-2, { warmupInit: true }, 1e-4],
  ['that meets 1/√t at 10⁴', 10_000, 1e-2, { warmupInit: true }, 1e-2],
  ['and ends there', 40_000, 1e-2, { warmupInit: true }, 5e-3],
  ['half of it at half the cap', 100, 5e-3, { warmupInit: true }, 5e-5],
  ['η itself', 40_000, 0.3, { relativeStep: false }, 0.3],
])('ρₜ is %s', (_what, step, learningRate, options, expected) => {
  const switches = { relativeStep: true, warmupInit: false, ...options };
  expect(adafactorStepSize(step, learningRate, switches)).toBeCloseTo(expected, 12);
});

describe('options', () => {
  it('come back from JSON, Infinity and null included', () => {
    const options = {
      learningRate: 3e-4,
      relativeStep: false,
      warmupInit: false,
      scaleParameter: false,
      beta1: 0.9,
      beta2: null,
      decayExponent: 0.7,
      epsilon1: 1e-29,
      epsilon2: 1e-4,
      clipThreshold: Number.POSITIVE_INFINITY,
      weightDecay: 1,
      decay: noDecayOnVectors,
    };
    const saved = JSON.parse(JSON.stringify(new Adafactor(options).getConfig()));
    expect(Adafactor.fromConfig<Adafactor>(Adafactor, saved).options).toMatchObject(options);
  });

  it.each([
    ['β₂ = 1', { beta2: 1 }, /Adafactor: beta2 must be in \[0, 1\); got 1/],
    ['β₁ = 1', { beta1: 1 }, /Adafactor: beta1/],
    [
      'a warm-up of a step size from outside',
      { warmupInit: true, relativeStep: false },
      /warmupInit.*schedule/,
    ],
    ['d = 0', { clipThreshold: 0 }, /clipThreshold.*or Infinity; got 0/],
    ['c = 0', { decayExponent: 0 }, /decayExponent/],
    ['a switch that is no truth value', { relativeStep: 1 }, /relativeStep must be true or false; got 1/],
    [
      'fairseq’s name of an option',
      { scale_parameter: false },
      /no option 'scale_parameter'.*scaleParameter/,
    ],
  ])('refuses %s', (_what, given: object, message) => {
    expect(() => new Adafactor(given)).toThrow(UserError);
    expect(() => new Adafactor(given)).toThrow(message);
  });
});
