import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AdamW, hasGpuPrograms } from '../../src/optimizers/index.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { variableOf } from './stepper.ts';

const before = process.env.TFJS_METHODS_NATIVE_KERNELS;
afterEach(() => {
  if (before === undefined) delete process.env.TFJS_METHODS_NATIVE_KERNELS;
  else process.env.TFJS_METHODS_NATIVE_KERNELS = before;
  vi.restoreAllMocks();
});

const SHAPES = [[], [7], [5000], [30, 41]];

describe.skipIf(!hasGpuPrograms())('the compute program of AdamW', () => {
  it('ten steps as operation by operation', async () => {
    const random = new RandomNumbers(3);
    const values = SHAPES.map((shape) => random.normals(tf.util.sizeFromShape(shape)));
    const groups = [{ match: (_name: string, shape: readonly number[]) => shape.length < 2, weightDecay: 0 }];
    const sides = ['1', '0'].map((kernels) => ({
      kernels,
      optimizer: new AdamW({ learningRate: 1e-2, weightDecay: 0.1, globalClipNorm: 3, groups }),
      variables: values.map((value, k) => variableOf(value, SHAPES[k] as number[])),
    }));
    for (let step = 0; step < 10; step++) {
      const gradients = SHAPES.map((shape) => tf.tensor(random.normals(tf.util.sizeFromShape(shape)), shape));
      for (const { kernels, optimizer, variables } of sides) {
        process.env.TFJS_METHODS_NATIVE_KERNELS = kernels;
        optimizer.applyGradients(
          variables.map(({ name }, k) => ({ name, tensor: gradients[k] as tf.Tensor })),
        );
      }
      tf.dispose(gradients);
    }
    for (const [k, shape] of SHAPES.entries()) {
      const [program, operations] = await Promise.all(
        sides.map(({ variables }) => (variables[k] as tf.Variable).data()),
      );
      const worst = (operations as Float32Array).reduce((most, expected, i) => {
        const difference = Math.abs(((program as Float32Array)[i] as number) - expected);
        return Math.max(most, difference / Math.max(1, Math.abs(expected)));
      }, 0);
      // Ten steps of about η, each rounded.
      expect(worst, `[${shape}]`).toBeLessThan(1e-6);
    }
    for (const { optimizer, variables } of sides) {
      optimizer.dispose();
      tf.dispose(variables);
    }
  });

  it('one dispatch for each variable and one for the step’s numbers; leaks nothing', () => {
    const variables = SHAPES.map((shape) =>
      variableOf(new Float32Array(tf.util.sizeFromShape(shape)).fill(1), shape),
    );
    const gradients = Object.fromEntries(variables.map((each) => [each.name, tf.onesLike(each)]));
    const optimizer = new AdamW();
    optimizer.applyGradients(gradients);
    const { numTensors, numBytes } = tf.memory();
    const dispatches = vi.spyOn(tf.backend() as unknown as { runWebGPUProgram(): void }, 'runWebGPUProgram');
    optimizer.applyGradients(gradients);
    expect(dispatches.mock.calls.length).toBeLessThanOrEqual(SHAPES.length + 1);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    optimizer.dispose();
    tf.dispose([variables, gradients]);
  });
});
