import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Muon, type MuonOptions, muonUpdate, orthogonalize } from '../../src/optimizers/index.ts';
import { F, transposed } from '../came/fixtures.ts';
import { AdamWOracle } from '../oracle/optimizers/adamw.ts';
import { MuonOracle, newtonSchulz } from '../oracle/optimizers/muon.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { agreesWithOracle, keepsTheContract } from './contract.ts';
import { goldenSteps } from './golden-steps.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

const transpose = (x: readonly number[], [rows, columns]: readonly [number, number]) =>
  x.map((_, k) => x[(k % rows) * columns + Math.floor(k / rows)] as number);

// The golden matrix is [outputs, inputs], as PyTorch has it, with s = √max(1, 2/3); ours is its transpose.
it.each(MODES)('U1: the golden steps, %s', async (mode) => {
  const { shape, weights, gradients } = transposed(F);
  const variable = variableOf(weights, shape);
  const optimizer = new Muon();
  const steps = stepper(mode, optimizer, variable);
  for (const [t, { p }] of goldenSteps('U1').entries()) {
    steps.step(gradients[t] as readonly number[]);
    // The spec's bound for float32: |W − golden| ≤ 2e-6 · max(1, |golden|).
    await expectAllClose(variable, transpose(p, [2, 3]), { rtol: 2e-6, atol: 2e-6 });
  }
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
});

const VARIANTS: readonly Partial<MuonOptions>[] = [
  { weightDecay: 0.05 },
  { nesterov: false },
  { scale: 'adamw', momentum: 0.8 },
];
for (const variant of VARIANTS) {
  const options = { learningRate: 1e-2, weightDecay: 0, ...variant };
  agreesWithOracle(
    JSON.stringify(variant),
    'muon_',
    () => new Muon({ ...options, adamwRate: 0.5 }),
    (shape, weights) => {
      if (shape.length < 2) {
        // Vectors are AdamW's, with a learning rate of its own.
        const own = { learningRate: 5e-3, beta2: 0.95, epsilon: 1e-10, weightDecay: options.weightDecay };
        const oracle = new AdamWOracle(weights, own);
        return Object.assign(oracle, { slots: { m: oracle.m, v: oracle.v } });
      }
      const columns = shape.at(-1) as number;
      const oracle = new MuonOracle(
        weights,
        [weights.length / columns, columns],
        options as { learningRate: number },
      );
      return Object.assign(oracle, { slots: { m: oracle.m } });
    },
  );
}

describe('orthogonalization', () => {
  it.each([
    [3, 5],
    [5, 3],
    [4, 4],
    [1, 6],
    [6, 1],
    [20, 50],
  ])('of [%i, %i] agrees with the float64 oracle', async (rows, columns) => {
    const values = Array.from(new RandomNumbers(rows).normals(rows * columns));
    const gradient = tf.tensor2d(values, [rows, columns]);
    const result = orthogonalize(gradient, 5);
    const matrix = Array.from({ length: rows }, (_, i) => values.slice(i * columns, (i + 1) * columns));
    // Rounding of the first iterates grows up to 3.4⁵ = 485 times where singular values are small.
    await expectAllClose(result, newtonSchulz(matrix).flat(), { rtol: 1e-4, atol: 1e-4 });
    result.dispose();
    expect(gradient.isDisposed).toBe(true);
  });

  it('by hand: a diagonal matrix stays one, with singular values between 0.7 and 1.2', async () => {
    // [3, 0; 0, 4]/5: 0.6 and 0.8 go through 3.4445x − 4.775x³ + 2.0315x⁵.
    const polynomial = (x: number) => 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
    const [once, five] = [1, 5].map((steps) => orthogonalize(tf.tensor2d([3, 0, 0, 4], [2, 2]), steps)) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const close = { rtol: 1e-5, atol: 1e-6 };
    await expectAllClose(once, [polynomial(0.6), 0, 0, polynomial(0.8)], close);
    const values = await five.data();
    for (const i of [0, 3]) {
      expect(values[i]).toBeGreaterThan(0.67);
      expect(values[i]).toBeLessThan(1.21);
    }
    await expectAllClose([values[1] as number, values[2] as number], [0, 0], close);
    tf.dispose([once, five]);
  });

  it('of a zero gradient is zero', async () => {
    const result = orthogonalize(tf.zeros([2, 3]), 5);
    await expectAllClose(result, [0, 0, 0, 0, 0, 0], { rtol: 0, atol: 0 });
    result.dispose();
  });

  it('does not see the size of the gradient', async () => {
    const [small, large] = [1e-3, 1e6].map((scale) =>
      tf.tidy(() => {
        const gradient = tf.mul(tf.tensor2d([1, -2, 3, 4, 0.5, -6], [2, 3]), scale);
        return muonUpdate(tf.mul(gradient, 0.05), gradient, new Muon().options);
      }),
    ) as [tf.Tensor, tf.Tensor];
    // 1e-7 is added to a norm of 5e-4, and what that takes from the first iterate shrinks with the others.
    await expectAllClose(small, large, { rtol: 5e-3, atol: 5e-4 });
    tf.dispose([small, large]);
  });
});

it('takes hidden matrices, and leaves embeddings, vectors and what its groups say to AdamW', () => {
  const slotsOf = (optimizer: Muon) => {
    const names = ['muon/dense', 'muon/embeddings', 'muon/head'];
    const variables = names.map((name) => variableOf([1, 2, 3, 4, 5, 6], [3, 2], name));
    variables.push(variableOf([1, 2], [2], 'muon/bias'));
    const gradients = Object.fromEntries(variables.map((w) => [w.name, tf.onesLike(w)]));
    for (let t = 0; t < 2; t++) optimizer.applyGradients(gradients);
    const slots = optimizer.stateSummary().map((summary) => Object.keys(summary.slots).join());
    optimizer.dispose();
    tf.dispose([variables, gradients]);
    return slots;
  };
  expect(slotsOf(new Muon())).toEqual(['m', 'm,v', 'm', 'm,v']);
  const groups = [{ match: /embed|head/, muon: false }];
  expect(slotsOf(new Muon({ groups }))).toEqual(['m', 'm,v', 'm,v', 'm,v']);
});

// mn, and AdamW's 2k. Beside X three of the size of A [96, 96].
const state = [
  [[6, 4], 24],
  [[3, 3, 2, 4], 72],
  [[9], 2 * 9],
  [[], 2],
] as const;
keepsTheContract('Muon', () => new Muon({ weightDecay: 0.1 }), state, 1 + (3 * 96) / 128);
