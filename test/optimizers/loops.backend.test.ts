import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { AdamW, hostMemory } from '../../src/optimizers/index.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { variableOf } from './stepper.ts';

const before = process.env.TFJS_METHODS_NATIVE_KERNELS;
afterEach(() => {
  if (before === undefined) delete process.env.TFJS_METHODS_NATIVE_KERNELS;
  else process.env.TFJS_METHODS_NATIVE_KERNELS = before;
});

const MAKERS = {
  AdamW: () => new AdamW({ learningRate: 1e-2, weightDecay: 0.1, globalClipNorm: 3 }),
  CAME: () => new CAME({ learningRate: 1e-2, weightDecay: 0.1, globalClipNorm: 3 }),
  'CAME merged': () => new CAME({ learningRate: 1e-2, factorization: 'merge', clipThreshold: 0.5 }),
  'CAME oihw': () => new CAME({ learningRate: 1e-2, factorization: 'oihw' }),
  'CAME skipping': () => new CAME({ learningRate: 1e-2, nonFinite: 'skip' }),
};
const SHAPES = [[], [7], [1, 1], [1, 5], [5, 1], [4, 3], [2, 3, 4], [2, 2, 3, 4], [2, 1, 2, 3, 2]];

// Elsewhere the optimizers have native kernels, or none.
describe.skipIf(hostMemory() === undefined)('loops over typed arrays', () => {
  it.each(Object.keys(MAKERS))('%s: ten steps as operation by operation', async (name) => {
    const make = MAKERS[name as keyof typeof MAKERS];
    const random = new RandomNumbers(3);
    const values = SHAPES.map((shape) => random.normals(tf.util.sizeFromShape(shape)));
    const sides = ['1', '0'].map((kernels) => ({
      kernels,
      optimizer: make(),
      variables: values.map((value, k) => variableOf(value, SHAPES[k] as number[])),
    }));
    for (let step = 0; step < 10; step++) {
      const gradients = SHAPES.map((shape) => random.normals(tf.util.sizeFromShape(shape)));
      // An overflowing square and a row of zeros now and then.
      if (name === 'CAME skipping' && step % 3 === 1) (gradients[5] as Float32Array)[2] = 1e25;
      (gradients[6] as Float32Array).fill(0, 0, 4);
      for (const { kernels, optimizer, variables } of sides) {
        process.env.TFJS_METHODS_NATIVE_KERNELS = kernels;
        const named = variables.map((variable, k) => ({
          name: variable.name,
          tensor: tf.tensor(gradients[k] as Float32Array, variable.shape),
        }));
        optimizer.applyGradients(named);
        tf.dispose(named.map(({ tensor }) => tensor));
      }
    }
    for (const [k, shape] of SHAPES.entries()) {
      const [loops, ops] = await Promise.all(
        sides.map(({ variables }) => (variables[k] as tf.Variable).data()),
      );
      (ops as Float32Array).forEach((expected, i) => {
        // Sums in float64 here and float32 there; ten steps of up to 30 η.
        const difference = Math.abs(((loops as Float32Array)[i] as number) - expected);
        expect(difference, `${shape} at ${i}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
      });
    }
    for (const { optimizer, variables } of sides) {
      optimizer.dispose();
      tf.dispose(variables);
    }
  });

  it('are seen by products and convolutions, which may keep weights packed', async () => {
    const random = new RandomNumbers(1);
    const kernel = variableOf(random.normals(3 * 3 * 2 * 4), [3, 3, 2, 4]);
    const matrix = variableOf(random.normals(6 * 5), [6, 5]);
    const image = tf.tensor4d(random.normals(5 * 5 * 2), [1, 5, 5, 2]);
    const rows = tf.tensor2d(random.normals(3 * 6), [3, 6]);
    const optimizer = new AdamW({ learningRate: 0.1 });
    const gradients = { [kernel.name]: tf.onesLike(kernel), [matrix.name]: tf.onesLike(matrix) };
    for (let step = 0; step < 3; step++) {
      for (const [weights, apply] of [
        [kernel, (w: tf.Tensor) => tf.conv2d(image, w as tf.Tensor4D, 1, 'same')],
        [matrix, (w: tf.Tensor) => tf.matMul(rows, w as tf.Tensor2D)],
      ] as const) {
        const fresh = tf.tensor(await weights.data(), weights.shape);
        const [seen, expected] = [apply(weights), apply(fresh)];
        expect(Array.from(await seen.data())).toEqual(Array.from(await expected.data()));
        tf.dispose([fresh, seen, expected]);
      }
      optimizer.applyGradients(gradients);
    }
    optimizer.dispose();
    tf.dispose([kernel, matrix, image, rows, gradients]);
  });

  it('make no tensor of a variable’s size, and leave alone what was read before', async () => {
    const variable = variableOf(new Float32Array(4096).fill(1), [64, 64]);
    const gradient = tf.ones([64, 64]);
    const optimizer = new CAME({ learningRate: 1e-2 });
    optimizer.applyGradients({ [variable.name]: gradient });
    const read = await variable.data();
    const copy = Array.from(read);
    const bytes = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(
      () => optimizer.applyGradients({ [variable.name]: gradient }) as unknown as undefined,
    );
    expect(peakBytes - bytes).toBeLessThan(64);
    expect(Array.from(read)).toEqual(copy);
    expect(Array.from(await variable.data())).not.toEqual(copy);
    optimizer.dispose();
    tf.dispose([variable, gradient]);
  });
});
