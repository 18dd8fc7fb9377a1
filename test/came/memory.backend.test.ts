import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { stepper, variableOf } from '../optimizers/stepper.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

describe('state', () => {
  it.each([
    [[6, 4], 'last2', 6 * 4 + 2 * (6 + 4)],
    [[5, 6, 4], 'last2', 5 * 6 * 4 + 2 * 5 * (6 + 4)],
    [[3, 3, 8, 16], 'last2', 3 * 3 * 8 * 16 + 2 * 9 * (8 + 16)],
    [[3, 3, 8, 16], 'merge', 3 * 3 * 8 * 16 + 2 * (72 + 16)],
    [[3, 3, 8, 16], 'oihw', 3 * 3 * 8 * 16 + 2 * 8 * 16 * (3 + 3)],
    [[3, 3, 8, 16], 'none', 2 * 3 * 3 * 8 * 16],
    [[9], 'last2', 2 * 9],
    [[], 'last2', 2],
  ] as const)('of shape [%s], %s: %i numbers', (shape, factorization, numbers) => {
    const variable = variableOf(new Float32Array(tf.util.sizeFromShape([...shape])), shape);
    const optimizer = new CAME({ learningRate: 1e-3, factorization });
    const gradient = tf.onesLike(variable);
    const before = tf.memory().numBytes;
    optimizer.applyGradients({ [variable.name]: gradient });
    // What it says, and what TensorFlow.js counts.
    expect(optimizer.stateBytes()).toBe(4 * numbers);
    expect(tf.memory().numBytes - before).toBe(4 * numbers);
    optimizer.dispose();
    expect(tf.memory().numBytes).toBe(before);
    tf.dispose([variable, gradient]);
  });
});

it('stateSummary says of each variable which slots it has, how large, and so how it is factored', () => {
  const named: [string, readonly number[]][] = [
    ['summary/kernel', [6, 4]],
    ['summary/convolution', [3, 3, 2, 5]],
    ['summary/bias', [4]],
  ];
  const variables = named.map(([name, shape]) =>
    variableOf(new Float32Array(tf.util.sizeFromShape([...shape])), shape, name),
  );
  const optimizer = new CAME({
    learningRate: 1e-3,
    groups: [{ match: /convolution/, factorization: 'merge', confidence: false }],
  });
  expect(optimizer.stateSummary()).toEqual([]);
  const gradients = Object.fromEntries(variables.map((variable) => [variable.name, tf.onesLike(variable)]));
  optimizer.applyGradients(gradients);
  const summary = optimizer.stateSummary();
  const slots = [
    { m: [6, 4], vr: [6], vc: [4], rr: [6], rc: [4] },
    { m: [3, 3, 2, 5], vr: [18], vc: [5] },
    { m: [4], v: [4] },
  ];
  const bytes = [4 * (24 + 20), 4 * (90 + 23), 4 * 8];
  expect(summary).toEqual(
    named.map(([name, shape], k) => ({ name, shape, slots: slots[k], bytes: bytes[k] })),
  );
  // The same without a step, from shapes alone.
  expect(optimizer.stateBytes()).toBe(bytes.reduce((a, b) => a + b));
  expect(optimizer.stateBytesFor(named.map(([name, shape]) => ({ name, shape })))).toBe(
    optimizer.stateBytes(),
  );
  optimizer.dispose();
  tf.dispose([variables, gradients]);
});

describe('transient memory', () => {
  const makers = {
    CAME: (weightDecay: number) => new CAME({ learningRate: 1e-3, weightDecay }),
    'CAME un-factored': (weightDecay: number) =>
      new CAME({ learningRate: 1e-3, weightDecay, factorization: 'none' }),
    AdamW: (weightDecay: number) => new AdamW({ weightDecay }),
  };

  it.each(Object.keys(makers).flatMap((name) => [0, 0.1].map((decay) => [name, decay] as const)))(
    '%s, λ = %d: at most three times the largest variable',
    async (name, weightDecay) => {
      const largest = [96, 128];
      const shapes = [largest, [128], largest, [50, 60], largest];
      const random = new RandomNumbers(5);
      const variables = shapes.map((shape) =>
        variableOf(random.normals(tf.util.sizeFromShape(shape)), shape),
      );
      const gradients = Object.fromEntries(
        variables.map((variable) => [variable.name, tf.onesLike(variable)]),
      );
      const optimizer = makers[name as keyof typeof makers](weightDecay);
      optimizer.applyGradients(gradients);
      const before = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(
        () => optimizer.applyGradients(gradients) as unknown as undefined,
      );
      // Beside three full-size tensors, the factors: nine row and nine column vectors at most.
      expect(peakBytes - before).toBeLessThanOrEqual(4 * (3 * 96 * 128 + 9 * (96 + 128)));
      expect(tf.memory().numBytes).toBe(before);
      optimizer.dispose();
      tf.dispose([variables, gradients]);
    },
  );
});

describe('leaks', () => {
  it('tensors and buffers stay constant from the second step on, and dispose gives all back', async () => {
    const shapes = [[], [5], [4, 3], [2, 3, 4]];
    const variables = shapes.map((shape) =>
      variableOf(new Float32Array(tf.util.sizeFromShape(shape)), shape),
    );
    const before = tf.memory();
    for (const options of [
      {},
      { weightDecay: 0.1, nonFinite: 'skip', factorization: 'merge' },
      { weightDecay: 0.1, decay: () => false, factorization: 'oihw' },
    ] as const) {
      const optimizer = new CAME({ learningRate: 1e-3, ...options });
      const step = () => {
        const gradients = tf.tidy(() =>
          Object.fromEntries(variables.map((variable) => [variable.name, tf.onesLike(variable)])),
        );
        optimizer.applyGradients(gradients);
        tf.dispose(gradients);
      };
      step();
      const first = tf.memory();
      for (let i = 0; i < 5; i++) step();
      expect(tf.memory().numTensors).toBe(first.numTensors);
      expect(tf.memory().numDataBuffers).toBe(first.numDataBuffers);
      optimizer.dispose();
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    }
    tf.dispose(variables);
  });

  it("works inside a user's tf.tidy, which takes none of the state", async () => {
    const variable = variableOf([1, 2, 3, 4], [2, 2]);
    const optimizer = new CAME({ learningRate: 1e-3, weightDecay: 0.1 });
    for (let i = 0; i < 3; i++) {
      tf.tidy(() => optimizer.applyGradients({ [variable.name]: tf.ones([2, 2]) }));
    }
    stepper('eager', optimizer, variable).step([1, 2, 3, 4]);
    expect(optimizer.iterations).toBe(4);
    expect(Array.from(await variable.data()).every(Number.isFinite)).toBe(true);
    optimizer.dispose();
    variable.dispose();
  });
});
