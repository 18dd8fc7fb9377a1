import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { EVERY } from './every.ts';
import { variableOf } from './stepper.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

// What TensorFlow.js's own optimizers do wrong, or tempt others to.
describe.each(Object.keys(EVERY))('%s', (name) => {
  const make = EVERY[name] as (typeof EVERY)[string];

  it('makes no tensor before its first step, and leaves none when it is disposed unused', () => {
    const before = tf.memory();
    const optimizer = make();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  it.each([[[2, 3]], [[6]]])(
    'leaves alone what shares the memory of a variable of shape [%s]: its origin, a clone, what was assigned',
    async (shape) => {
      const origin = tf.tensor([1, 2, 3, 4, 5, 6], shape, 'float32');
      const variable = tf.variable(origin);
      const gradient = tf.tensor([1, -2, 3, -1, 2, 1], shape, 'float32');
      const optimizer = make();
      const step = () => optimizer.applyGradients({ [variable.name]: gradient });
      step();
      const first = Array.from(await variable.data());
      expect(Array.from(await origin.data())).toEqual([1, 2, 3, 4, 5, 6]);
      expect(first).not.toEqual([1, 2, 3, 4, 5, 6]);
      const clone = variable.clone();
      step();
      expect(Array.from(await clone.data())).toEqual(first);
      const assigned = tf.tensor([6, 5, 4, 3, 2, 1], shape, 'float32');
      variable.assign(assigned);
      step();
      expect(Array.from(await assigned.data())).toEqual([6, 5, 4, 3, 2, 1]);
      expect(Array.from(await gradient.data())).toEqual([1, -2, 3, -1, 2, 1]);
      optimizer.dispose();
      tf.dispose([origin, variable, gradient, clone, assigned]);
    },
  );

  it('refuses a float16 backend by its name, with nothing written', async () => {
    const variable = variableOf([1, 2, 3, 4], [2, 2]);
    const gradient = tf.ones([2, 2]);
    const optimizer = make();
    const tensors = tf.memory().numTensors;
    vi.spyOn(tf.backend(), 'floatPrecision').mockReturnValue(16);
    const act = () => optimizer.applyGradients({ [variable.name]: gradient });
    expect(act).toThrow(UserError);
    expect(act).toThrow(`'${tf.getBackend()}' computes in float16`);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(optimizer.iterations).toBe(0);
    expect(Array.from(await variable.data())).toEqual([1, 2, 3, 4]);
    optimizer.dispose();
    tf.dispose([variable, gradient]);
  });
});
