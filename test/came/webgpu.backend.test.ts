import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CAME, type CameOptions } from '../../methods/came/index.ts';
import { hasGpuPrograms } from '../../src/optimizers/index.ts';
import { variableOf } from '../optimizers/stepper.ts';
import { CameOracle } from '../oracle/optimizers/came.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

const before = process.env.TFJS_METHODS_NATIVE_KERNELS;
afterEach(() => {
  if (before === undefined) delete process.env.TFJS_METHODS_NATIVE_KERNELS;
  else process.env.TFJS_METHODS_NATIVE_KERNELS = before;
  vi.restoreAllMocks();
});

const VARIANTS: Readonly<Record<string, Partial<CameOptions>>> = {
  'as published': { weightDecay: 0.1 },
  'merged, clipped': { factorization: 'merge', clipThreshold: 0.5, globalClipNorm: 3 },
  'without clip': { clipThreshold: Number.POSITIVE_INFINITY },
  skipping: { nonFinite: 'skip', weightDecay: 0.1 },
  'by groups': {
    groups: [
      { match: /even/, learningRateScale: 0.5, weightDecay: 0.2 },
      { match: /odd/, factorization: 'none' },
    ],
  },
};

/** One workgroup takes up to 8192 elements with sides up to 128; tiles have 4 to 1024 rows or columns. */
const SMALL = [[1], [1, 1], [1, 5], [128, 1], [16, 16], [64, 128], [256, 2, 3], [2, 2, 3, 4]];
const LARGE = [
  [9000],
  [1, 1300],
  [1300, 1],
  [129, 128],
  [70, 300],
  [3, 130, 20],
  [257, 3, 2],
  [2, 5, 5, 150],
];

describe.skipIf(!hasGpuPrograms())('compute programs', () => {
  it.each(
    Object.keys(VARIANTS).flatMap((variant) =>
      Object.entries({ small: SMALL, large: LARGE }).map(
        ([size, shapes]) => [variant, size, shapes] as const,
      ),
    ),
  )('CAME %s, %s tensors: three steps as operation by operation', async (variant, _size, shapes) => {
    const random = new RandomNumbers(3);
    const options = { learningRate: 1e-2, ...VARIANTS[variant] };
    const values = shapes.map((shape) => random.normals(tf.util.sizeFromShape(shape)));
    const sides = ['1', '0'].map((kernels) => ({
      kernels,
      optimizer: new CAME(options),
      variables: values.map((value, k) =>
        variableOf(value, shapes[k] as number[], `${variant} ${k % 2 ? 'odd' : 'even'} ${kernels}/${k}`),
      ),
    }));
    for (let step = 0; step < 3; step++) {
      const gradients = shapes.map((shape) => random.normals(tf.util.sizeFromShape(shape)));
      // An overflowing square, and a row of zeros, now and then.
      if (variant === 'skipping' && step === 1) {
        for (const k of [0, 4, 5]) (gradients[k] as Float32Array).fill(1e25, -1);
      }
      (gradients[3] as Float32Array).fill(0, 0, 1);
      for (const { kernels, optimizer, variables } of sides) {
        process.env.TFJS_METHODS_NATIVE_KERNELS = kernels;
        apply(optimizer, variables, gradients);
      }
    }
    for (const [k, shape] of shapes.entries()) {
      const [programs, operations] = await Promise.all(
        sides.map(({ variables }) => (variables[k] as tf.Variable).data()),
      );
      expect((operations as Float32Array).every(Number.isFinite)).toBe(true);
      let worst = 0;
      (operations as Float32Array).forEach((expected, i) => {
        const difference = Math.abs(((programs as Float32Array)[i] as number) - expected);
        worst = Math.max(worst, difference / Math.max(1, Math.abs(expected)));
      });
      // Sums in another order; three steps of up to 30 η.
      expect(worst, `[${shape}]`).toBeLessThan(5e-6);
    }
    for (const { optimizer, variables } of sides) {
      optimizer.dispose();
      tf.dispose(variables);
    }
  });

  it.each(['propagate', 'skip'] as const)('a NaN in a large matrix, %s', async (nonFinite) => {
    const gradient = new Float32Array(12_000).fill(1);
    gradient[11_111] = Number.NaN;
    const variable = variableOf(new Float32Array(12_000).fill(1), [300, 40]);
    const optimizer = new CAME({ learningRate: 1e-2, weightDecay: 0.1, nonFinite });
    apply(optimizer, [variable], [gradient]);
    const weights = await variable.data();
    expect(weights.every((w) => (nonFinite === 'skip' ? w === 1 : Number.isNaN(w)))).toBe(true);
    optimizer.dispose();
    variable.dispose();
  });

  it('agrees with the float64 oracle on 300 × 500', async () => {
    const random = new RandomNumbers(8);
    const shape = [300, 500];
    const weights = Array.from(random.normals(150_000));
    const options = { learningRate: 1e-2, weightDecay: 0.05 };
    const oracle = new CameOracle(shape, weights, options);
    const variable = variableOf(weights, shape);
    const optimizer = new CAME(options);
    for (let t = 0; t < 4; t++) {
      const gradient = random.normals(150_000);
      apply(optimizer, [variable], [gradient]);
      oracle.step(Array.from(gradient));
    }
    const actual = await variable.data();
    const worst = oracle.weights.reduce(
      (most, expected, i) => Math.max(most, Math.abs((actual[i] as number) - expected)),
      0,
    );
    // As for op by op: float32 of the rule against float64.
    expect(worst).toBeLessThan(5e-6);
    optimizer.dispose();
    variable.dispose();
  });

  it('takes at most seven dispatches for a matrix, three for a small one, two for a vector', () => {
    for (const [shape, most] of [
      [[300, 500], 7],
      [[3, 200, 100], 7],
      [[16, 16], 3],
      [[500], 2],
      [[], 2],
    ] as const) {
      const variable = variableOf(new Float32Array(tf.util.sizeFromShape([...shape])), shape);
      const gradient = tf.ones([...shape]);
      const optimizer = new CAME({ learningRate: 1e-2, weightDecay: 0.1, nonFinite: 'skip' });
      optimizer.applyGradients({ [variable.name]: gradient });
      const dispatches = vi.spyOn(
        tf.backend() as unknown as { runWebGPUProgram(): void },
        'runWebGPUProgram',
      );
      optimizer.applyGradients({ [variable.name]: gradient });
      expect(dispatches.mock.calls.length, `[${shape}]`).toBe(most);
      dispatches.mockRestore();
      optimizer.dispose();
      tf.dispose([variable, gradient]);
    }
  });

  it('leaves alone who shares memory with the variable, and what was read before', async () => {
    const shared = tf.tensor(new Float32Array(64).fill(1), [8, 8]);
    const variable = tf.variable(shared);
    const gradient = tf.ones([8, 8]);
    const optimizer = new CAME({ learningRate: 1e-2 });
    const first = await variable.data();
    optimizer.applyGradients({ [variable.name]: gradient });
    const second = await variable.data();
    expect(Array.from(first)).toEqual(new Array(64).fill(1));
    expect(Array.from(await shared.data())).toEqual(new Array(64).fill(1));
    expect(Array.from(second)).not.toEqual(Array.from(first));
    optimizer.dispose();
    tf.dispose([shared, variable, gradient]);
  });

  it.each([[[300, 40]], [[8, 8]], [[70]]])('leaks nothing, shape [%s]', (shape) => {
    const variable = variableOf(new Float32Array(tf.util.sizeFromShape(shape)), shape);
    const gradient = tf.ones(shape);
    const optimizer = new CAME({ learningRate: 1e-2, globalClipNorm: 1 });
    const step = () => optimizer.applyGradients({ [variable.name]: gradient });
    step();
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    const backend = tf.backend() as unknown as { numDataIds(): number };
    const ids = backend.numDataIds();
    for (let i = 0; i < 3; i++) step();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers, numBytes });
    expect(backend.numDataIds()).toBe(ids);
    optimizer.dispose();
    tf.dispose([variable, gradient]);
  });
});

function apply(optimizer: CAME, variables: readonly tf.Variable[], gradients: readonly Float32Array[]): void {
  const named = variables.map((variable, k) => ({
    name: variable.name,
    tensor: tf.tensor(gradients[k] as Float32Array, variable.shape),
  }));
  optimizer.applyGradients(named);
  tf.dispose(named.map(({ tensor }) => tensor));
}
