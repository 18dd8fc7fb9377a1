import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { Adafactor, type AdafactorOptions, adafactorStep } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { AdafactorOracle, type AdafactorOracleOptions } from '../oracle/optimizers/adafactor.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { agreesWithOracle, followsGroups, keepsTheContract } from './contract.ts';
import { expectGoldenSteps, goldenSteps } from './golden-steps.ts';
import { MODES, stepper, variableOf } from './stepper.ts';

/** A step size from outside, as in BERT's training. */
const external = { learningRate: 1e-2, relativeStep: false, scaleParameter: false };
const smoothed = { ...external, beta1: 0.9, beta2: 0.999 };

it.each(
  MODES.flatMap((mode) =>
    (
      [
        ['A1', 'relative step', {}],
        ['A2', 'external η', external],
        ['A3', 'external η, β₁, constant β₂', smoothed],
        ['A4', 'warm-up', { warmupInit: true }],
      ] as const
    ).map(([id, what, options]) => [id, what, options, mode] as const),
  ),
)('%s, %s: the golden steps', async (id, _what, options, mode) => {
  await expectGoldenSteps(id, mode, new Adafactor(options), 'adafactor_');
});

it.each(MODES)('A3b: η does not shrink the momentum, %s', async (mode) => {
  const variable = variableOf(F.weights, F.shape);
  const optimizer = new Adafactor(smoothed);
  const steps = stepper(mode, optimizer, variable);
  for (const gradient of F.gradients.slice(0, 2)) steps.step(gradient);
  // Where the momentum is scaled in place, W₂ is off by 2e-4 and more.
  const wrong = goldenSteps('A3b')[1]?.p as readonly number[];
  Array.from(await variable.data()).forEach((w, i) => {
    expect(Math.abs(w - (wrong[i] as number))).toBeGreaterThan(1e-4);
  });
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
});

const CASES: Readonly<Record<string, Partial<AdafactorOptions> & AdafactorOracleOptions>> = {
  paper: { weightDecay: 0.1 },
  'paper with momentum': { beta1: 0.9, weightDecay: 0.1 },
  'external η': { ...external, weightDecay: 0.1 },
  'external η times RMS(W), β₁, constant β₂': { ...smoothed, scaleParameter: true },
  'clip off': { clipThreshold: Number.POSITIVE_INFINITY },
};
for (const [what, options] of Object.entries(CASES)) {
  agreesWithOracle(
    what,
    'adafactor_',
    () => new Adafactor(options),
    (shape, weights) => new AdafactorOracle(shape, weights, options),
  );
}

it.each(MODES)(
  'warm-up: twelve steps from zero weights, where float32 shows steps of 1e-9, %s',
  async (mode) => {
    const random = new RandomNumbers(7);
    const zero = new Array<number>(12).fill(0);
    const oracle = new AdafactorOracle([4, 3], zero, { warmupInit: true });
    const variable = variableOf(zero, [4, 3]);
    const optimizer = new Adafactor({ warmupInit: true });
    const steps = stepper(mode, optimizer, variable);
    for (let t = 0; t < 12; t++) {
      const gradient = Array.from(random.normals(12));
      steps.step(gradient);
      oracle.step(gradient);
      // Steps of up to 1e-3 · 1e-6·t; sums of them cancel.
      await expectAllClose(variable, oracle.weights, { rtol: 2e-6, atol: 2e-14 });
    }
    steps.dispose();
    optimizer.dispose();
    variable.dispose();
  },
);

it('the first step by hand, with the pure function', async () => {
  // g∘g = [1 4; 9 16]   r = [5/2, 25/2]   c = [5, 10]   mean r = 15/2   V = r cᵀ/mean r = [5/3 10/3; 25/3 50/3]
  // u∘u = g∘g/V = [3/5 6/5; 27/25 24/25]   RMS² = 24/25 < 1
  const result = tf.tidy(() => {
    const state = { rowMoment: tf.zeros([2]), columnMoment: tf.zeros([2]) };
    const options = { epsilon1: 1e-30, clipThreshold: 1 };
    return { ...adafactorStep(state, tf.tensor2d([1, 2, 3, 4], [2, 2]), 1, options) };
  });
  await expectAllClose(result.rowMoment, [5 / 2, 25 / 2]);
  await expectAllClose(result.columnMoment, [5, 10]);
  await expectAllClose(result.update, [3 / 5, 6 / 5, 27 / 25, 24 / 25].map(Math.sqrt));
  tf.dispose(result);
});

it('is finite for gradients of 1e-20 to 1e18 with a zero row and a zero column, which stay where they are', async () => {
  for (const scale of [1e-20, 1, 1e8, 1e18]) {
    const gradient = Array.from({ length: 12 }, (_, k) =>
      k < 4 || k % 4 === 1 ? 0 : scale * Math.sin(1.7 * k),
    );
    const variable = variableOf(new Array(12).fill(1), [3, 4]);
    const optimizer = new Adafactor({ beta1: 0.9 });
    const { step } = stepper('eager', optimizer, variable);
    for (let t = 0; t < 3; t++) step(gradient);
    Array.from(await variable.data()).forEach((w, k) => {
      expect(Number.isFinite(w)).toBe(true);
      if (gradient[k] === 0) expect(w).toBe(1);
    });
    optimizer.dispose();
    variable.dispose();
  }
});

keepsTheContract('Adafactor', () => new Adafactor({ weightDecay: 0.1 }), [
  [[6, 4], 6 + 4],
  [[5, 6, 4], 5 * (6 + 4)],
  [[3, 3, 8, 16], 9 * (8 + 16)],
  [[9], 9],
  [[], 1],
]);

keepsTheContract('Adafactor with momentum', () => new Adafactor({ ...smoothed, weightDecay: 0.1 }), [
  [[6, 4], 24 + 6 + 4],
  [[5, 6, 4], 120 + 5 * (6 + 4)],
  [[9], 18],
  [[], 2],
]);

followsGroups('Adafactor', (shared) => new Adafactor({ ...external, ...shared }));
followsGroups('Adafactor as in the paper', (shared) => new Adafactor(shared));
