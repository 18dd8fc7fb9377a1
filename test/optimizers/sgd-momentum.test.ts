import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import { noDecayOnVectors, registerAll, SGDMomentum } from '../../src/optimizers/index.ts';
import { servesLayers } from './layers-round-trip.ts';

beforeAll(async () => {
  await useBackend('js');
});

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
