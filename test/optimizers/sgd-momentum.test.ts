import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { noDecayOnVectors, registerAll, SGDMomentum } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { SgdMomentumOracle } from '../oracle/optimizers/sgd-momentum.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

it.each([
  ['plain', false, [0.49624, -0.29933, 0.79097, -1.21354, 0.700495, 0.11956]],
  ['Nesterov', true, [0.494116, -0.299897, 0.788873, -1.216186, 0.7004455, 0.125104]],
])(
  'the float64 oracle takes three steps of torch.optim.SGD 2.15, μ = 0.9, η = 0.01: %s',
  (_what, nesterov, expected) => {
    const oracle = new SgdMomentumOracle(F.weights, { learningRate: 1e-2, nesterov });
    for (const gradient of F.gradients) oracle.step(gradient);
    expected.forEach((w, i) => {
      expect(oracle.weights[i]).toBeCloseTo(w, 12);
    });
  },
);

servesLayers('SGDMomentum', () => new SGDMomentum({ learningRate: 1e-3, nesterov: true, weightDecay: 0.1 }));
servesLayers('SGDMomentum without momentum', () => new SGDMomentum({ learningRate: 1e-3, momentum: 0 }));

it("does not take the place of TensorFlow.js's SGD", () => {
  registerAll();
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  expect(classNameMap.SGD?.[0]).toBe(tf.SGDOptimizer);
  expect(classNameMap.SGDMomentum?.[0]).toBe(SGDMomentum);
});

describe('options', () => {
  it('come back from JSON', () => {
    const options = {
      learningRate: 0.5,
      momentum: 0.95,
      nesterov: true,
      weightDecay: 0.1,
      decay: noDecayOnVectors,
    };
    const saved = JSON.parse(JSON.stringify(new SGDMomentum(options).getConfig()));
    expect(SGDMomentum.fromConfig<SGDMomentum>(SGDMomentum, saved).options).toMatchObject(options);
  });

  it.each([
    ['μ = 1', { momentum: 1 }, /SGDMomentum: momentum must be in \[0, 1\); got 1/],
    ['Nesterov without momentum', { momentum: 0, nesterov: true }, /nesterov.*only with a momentum/],
    ['an unknown one', { dampening: 0.5 }, /SGDMomentum has no option 'dampening'/],
  ])('refuses %s', (_what, given: object, message) => {
    expect(() => new SGDMomentum(given)).toThrow(UserError);
    expect(() => new SGDMomentum(given)).toThrow(message);
  });
});
