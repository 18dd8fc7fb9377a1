import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CAME, type CameOptions, cameStep, cameVectorStep } from '../../methods/came/index.ts';
import { stepper, variableOf } from '../optimizers/stepper.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

/** A few float32 operations on values near 1. */
const CLOSE = { rtol: 2e-6, atol: 1e-7 };

/** Weights after steps with these gradients, from random weights that depend on the size only. */
async function weightsAfter(
  shape: readonly number[],
  gradients: readonly (readonly number[])[],
  options: Partial<CameOptions> = {},
): Promise<number[]> {
  const variable = variableOf(startingWeights(shape), shape);
  const optimizer = new CAME({ learningRate: 1e-2, ...options });
  const steps = stepper('eager', optimizer, variable);
  for (const gradient of gradients) steps.step(gradient);
  const weights = Array.from(await variable.data());
  optimizer.dispose();
  variable.dispose();
  return weights;
}

function startingWeights(shape: readonly number[]): number[] {
  return Array.from(new RandomNumbers(3).normals(shape.reduce((a, b) => a * b, 1)));
}

function randomGradients(count: number, size: number, seed = 11): number[][] {
  const random = new RandomNumbers(seed);
  return Array.from({ length: count }, () => Array.from(random.normals(size)));
}

const transpose = (x: readonly number[], rows: number, columns: number) =>
  x.map((_, k) => x[(k % rows) * columns + Math.floor(k / rows)] as number);

describe('one step by hand', () => {
  const half = { beta1: 0.5, beta2: 0.5, beta3: 0.5, epsilon1: 1e-30, epsilon2: 1e-16, clipThreshold: 1 };

  it('of a 2 × 2 matrix, all β = ½, d = 1, from zero state', async () => {
    // g∘g = [1 4; 9 16]       r = ½[5/2, 25/2] = [5/4, 25/4]    c = ½[5, 10] = [5/2, 5]    mean r = 15/4
    // V = r cᵀ/mean r         = [5/6 5/3; 25/6 25/3]
    // u∘u = g∘g/V             = [6/5 12/5; 54/25 48/25]         RMS² = mean = 48/25 > 1
    // û∘û = u∘u/RMS²          = [5/8 5/4; 9/8 1]                M = û/2
    // (û − M)² = û∘û/4        = [5/32 5/16; 9/32 1/4]
    // R = ½[15/64, 17/64]     C = ½[7/32, 9/32]                 mean R = 1/8
    // S = R Cᵀ/mean R         = [105/1024 135/1024; 119/1024 153/1024]
    // (M/√S)² = (û∘û/4)/S     = [32/21 64/27; 288/119 256/153]
    const result = tf.tidy(() => {
      const zeros = { row: tf.zeros([2]), column: tf.zeros([2]) };
      const state = {
        momentum: tf.zeros([2, 2]),
        rowMoment: zeros.row,
        columnMoment: zeros.column,
        rowInstability: zeros.row,
        columnInstability: zeros.column,
      };
      return { ...cameStep(state, tf.tensor2d([1, 2, 3, 4], [2, 2]), half) };
    });
    await expectAllClose(result.rowMoment, [5 / 4, 25 / 4], CLOSE);
    await expectAllClose(result.columnMoment, [5 / 2, 5], CLOSE);
    await expectAllClose(
      result.momentum,
      [5 / 8, 5 / 4, 9 / 8, 1].map((x) => Math.sqrt(x) / 2),
      CLOSE,
    );
    await expectAllClose(result.rowInstability, [15 / 128, 17 / 128], CLOSE);
    await expectAllClose(result.columnInstability, [7 / 64, 9 / 64], CLOSE);
    await expectAllClose(result.update, [32 / 21, 64 / 27, 288 / 119, 256 / 153].map(Math.sqrt), CLOSE);
    tf.dispose(result);
  });

  it('of a vector: no factors, no confidence', async () => {
    // v = ½[9, 16]    u = g/√v = [√2, −√2]    RMS = √2    û = [1, −1]    M = [½, −½]
    const result = tf.tidy(() => {
      const state = { momentum: tf.zeros([2]), secondMoment: tf.zeros([2]) };
      return { ...cameVectorStep(state, tf.tensor1d([3, -4]), half) };
    });
    await expectAllClose(result.secondMoment, [4.5, 8], CLOSE);
    await expectAllClose(result.momentum, [0.5, -0.5], CLOSE);
    tf.dispose(result);
  });
});

describe('properties', () => {
  it('commutes with transposing the last two axes', async () => {
    const [rows, columns] = [5, 3];
    const gradients = randomGradients(4, rows * columns);
    const straight = await weightsAfter([rows, columns], gradients);
    const variable = variableOf(transpose(startingWeights([rows, columns]), rows, columns), [columns, rows]);
    const optimizer = new CAME({ learningRate: 1e-2 });
    const steps = stepper('eager', optimizer, variable);
    for (const gradient of gradients) steps.step(transpose(gradient, rows, columns));
    await expectAllClose(variable, transpose(straight, rows, columns), CLOSE);
    optimizer.dispose();
    variable.dispose();
  });

  it.each([[[4, 3]], [[6]]])('does not see the scale of the gradients, shape [%s]', async (shape) => {
    const gradients = randomGradients(
      3,
      shape.reduce((a, b) => a * b, 1),
    );
    const plain = await weightsAfter(shape, gradients);
    // A power of two, so that only ε₁ could tell the difference.
    const scaled = await weightsAfter(
      shape,
      gradients.map((g) => g.map((x) => x * 1024)),
    );
    await expectAllClose(scaled, plain, CLOSE);
  });

  it('does not depend on the clip threshold while the clip is active', async () => {
    const gradients = randomGradients(3, 12);
    const one = await weightsAfter([4, 3], gradients, { clipThreshold: 1 });
    const small = await weightsAfter([4, 3], gradients, { clipThreshold: 0.01 });
    await expectAllClose(small, one, CLOSE);
    // A vector has no confidence to take the scale out again.
    const vector = await weightsAfter([12], gradients, { clipThreshold: 1 });
    const clipped = await weightsAfter([12], gradients, { clipThreshold: 0.01 });
    await expect(expectAllClose(clipped, vector, CLOSE)).rejects.toThrow();
  });

  it('leaves rows and columns alone whose gradient is zero', async () => {
    const gradients = randomGradients(3, 12).map((g) => g.map((x, k) => (k < 3 || k % 3 === 1 ? 0 : x)));
    const weights = await weightsAfter([4, 3], gradients);
    const before = startingWeights([4, 3]);
    weights.forEach((w, k) => {
      if (k < 3 || k % 3 === 1) expect(w).toBe(before[k]);
      else expect(w).not.toBe(before[k]);
    });
  });

  it('reconstructs a rank-1 second moment exactly: each entry then moves by η(1 − β₁)/(β₁√(1 − β₃))', async () => {
    const row = [1, -2, 0.5, 3];
    const column = [0.3, -1, 2];
    const gradient = row.flatMap((a) => column.map((b) => a * b));
    const weights = await weightsAfter([4, 3], [gradient]);
    const moved = (1e-2 * 0.1) / (0.9 * Math.sqrt(1e-4));
    const expected = startingWeights([4, 3]).map((w, k) => w - moved * Math.sign(gradient[k] as number));
    await expectAllClose(weights, expected, CLOSE);
  });

  it.each([[[7, 1]], [[1, 7]]])('has an exact second moment on a side of one, shape [%s]', async (shape) => {
    // û of the matrix is û of the vector; the confidence, a rank-1 one, is what differs.
    const gradients = randomGradients(1, 7);
    const vector = await weightsAfter([7], gradients);
    const matrix = await weightsAfter(shape, gradients);
    const start = startingWeights([7]);
    const ratio = matrix.map(
      (w, k) => (w - (start[k] as number)) / ((vector[k] as number) - (start[k] as number)),
    );
    // 1/(0.9·√1e-4): the first step's confidence where all |û| are 1. W − ηM rounds W, so the ratio is good to 1e-3.
    await expectAllClose(ratio, new Array(7).fill(1 / (0.9 * 0.01)), { rtol: 1e-3, atol: 0 });
  });

  it('treats leading axes as a batch in all but the clip', async () => {
    const gradients = randomGradients(3, 24);
    const options = { clipThreshold: Number.POSITIVE_INFINITY };
    const together = await weightsAfter([2, 3, 4], gradients, options);
    const variable = variableOf(startingWeights([2, 3, 4]).slice(12), [3, 4]);
    const optimizer = new CAME({ learningRate: 1e-2, ...options });
    const steps = stepper('eager', optimizer, variable);
    for (const gradient of gradients) steps.step(gradient.slice(12));
    await expectAllClose(variable, together.slice(12), CLOSE);
    optimizer.dispose();
    variable.dispose();
  });

  it('factorization none on a matrix is the rule of a vector', async () => {
    const gradients = randomGradients(3, 12);
    await expectAllClose(
      await weightsAfter([4, 3], gradients, { factorization: 'none' }),
      await weightsAfter([12], gradients),
      CLOSE,
    );
  });

  it('factorization merge on [2, 3, 4] is last2 on [6, 4]', async () => {
    const gradients = randomGradients(3, 24);
    await expectAllClose(
      await weightsAfter([2, 3, 4], gradients, { factorization: 'merge' }),
      await weightsAfter([6, 4], gradients),
      CLOSE,
    );
  });
});
