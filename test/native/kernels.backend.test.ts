import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { hasNativeKernel, nativeKernelStatus, writtenInputs } from '../../src/native/kernels.ts';
import { AdamW } from '../../src/optimizers/index.ts';

/** Ways in which TensorFlow.js or TensorFlow lets a second tensor see a variable's memory. */
const SHARERS: Record<string, (variable: tf.Variable) => tf.Tensor> = {
  clone: (variable) => variable.clone(),
  reshape: (variable) => variable.reshape([6]),
  'slice of everything': (variable) => tf.slice(variable, [0, 0], [2, 3]),
  'slice of rows': (variable) => tf.slice(variable, [1, 0], [1, 3]),
  split: (variable) => tf.split(variable as unknown as tf.Tensor, 2)[0] as tf.Tensor,
  unstack: (variable) => tf.unstack(variable)[1] as tf.Tensor,
  'transpose of nothing': (variable) => tf.transpose(variable, [0, 1]),
  'cast to the same type': (variable) => tf.cast(variable, 'float32'),
  'concatenation of one': (variable) => tf.concat([variable as tf.Tensor]),
  'tile once': (variable) => tf.tile(variable, [1, 1]),
  'pad by nothing': (variable) =>
    tf.pad(variable as unknown as tf.Tensor2D, [
      [0, 0],
      [0, 0],
    ]),
  'sum over an axis of size 1': (variable) => tf.sum(tf.expandDims(variable, 0), 0),
};

describe('an optimizer that may write in place', () => {
  for (const [name, share] of Object.entries(SHARERS)) {
    it(`leaves alone who shares the variable's memory: ${name}`, async () => {
      const variable = tf.variable(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]));
      const gradient = tf.ones([2, 3]);
      const optimizer = new AdamW({ learningRate: 0.1 });
      // From the second step on the buffer is the variable's own, and only `share` makes it common.
      optimizer.applyGradients({ [variable.name]: gradient });
      const shared = share(variable);
      const before = Array.from(await shared.data());
      const values = Array.from(await variable.data());
      optimizer.applyGradients({ [variable.name]: gradient });
      expect(Array.from(await shared.data())).toEqual(before);
      expect(Array.from(await variable.data())).not.toEqual(values);
      optimizer.dispose();
      tf.dispose([variable, gradient, shared]);
    });
  }

  it('leaves alone the tensor that the variable was made from, and one that was assigned to it', async () => {
    const initial = tf.tensor1d([1, 2, 3]);
    const variable = tf.variable(initial);
    const optimizer = new AdamW({ learningRate: 0.1 });
    const gradient = tf.ones([3]);
    optimizer.applyGradients({ [variable.name]: gradient });
    expect(Array.from(await initial.data())).toEqual([1, 2, 3]);
    const assigned = tf.tensor1d([4, 5, 6]);
    variable.assign(assigned);
    optimizer.applyGradients({ [variable.name]: gradient });
    expect(Array.from(await assigned.data())).toEqual([4, 5, 6]);
    optimizer.dispose();
    tf.dispose([initial, variable, gradient, assigned]);
  });

  it('leaves alone the state that getWeights handed out', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const optimizer = new AdamW({ learningRate: 0.1 });
    const gradient = tf.ones([3]);
    optimizer.applyGradients({ [variable.name]: gradient });
    const kept = (await optimizer.getWeights()).map(({ tensor }) => tensor.clone());
    const before = await Promise.all(kept.map(async (tensor) => Array.from(await tensor.data())));
    optimizer.applyGradients({ [variable.name]: gradient });
    expect(await Promise.all(kept.map(async (tensor) => Array.from(await tensor.data())))).toEqual(before);
    optimizer.dispose();
    tf.dispose([variable, gradient, ...kept]);
  });
});

describe('the table of native kernels', () => {
  it('says what is registered, and why nothing is', () => {
    const { loaded, operations, reason } = nativeKernelStatus();
    expect(reason === '').toBe(loaded);
    expect(hasNativeKernel('TfjsMethodsCame')).toBe(loaded && tf.getBackend() === 'tensorflow');
    if (!loaded) return;
    expect(operations).toContain('TfjsMethodsCame');
    expect(writtenInputs('TfjsMethodsCameVector', 2)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(writtenInputs('TfjsMethodsGelu', 1)).toBeUndefined();
    expect(writtenInputs('MatMul', 1)).toBeUndefined();
  });
});
