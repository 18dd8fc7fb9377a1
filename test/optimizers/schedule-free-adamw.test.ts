import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../src/backends/index.ts';
import { UserError } from '../../src/errors.ts';
import {
  noDecayOnVectors,
  SCHEDULE_FREE_ADAMW_DEFAULTS,
  ScheduleFreeAdamW,
} from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/index.ts';
import { F } from '../came/fixtures.ts';
import { ScheduleFreeOracle } from '../oracle/optimizers/schedule-free-adamw.ts';
import { expectOracleSteps, goldenSteps } from './golden-steps.ts';
import { servesLayers } from './layers-round-trip.ts';
import { stepper, variableOf } from './stepper.ts';

beforeAll(async () => {
  await useBackend('js');
});

it('the float64 oracle takes the golden steps', () => {
  const oracle = new ScheduleFreeOracle(F.weights, { learningRate: () => 1e-2 });
  expectOracleSteps('F1', oracle);
  const golden = goldenSteps('F1')[1] as unknown as Record<'x' | 'z', readonly number[]>;
  for (const slot of ['x', 'z'] as const) {
    golden[slot].forEach((expected, i) => {
      expect(oracle[slot][i]).toBeCloseTo(expected, 11);
    });
  }
});

const options = { learningRate: 1e-2, weightDecay: 0.1, warmupSteps: 2 };
servesLayers('ScheduleFreeAdamW', () => new ScheduleFreeAdamW(options));

it("evaluates a tfjs-layers model with the average of its weights, and leaves the training's loss as it was", async () => {
  const x = tf.randomNormal([32, 3], 0, 1, 'float32', 1);
  const y = tf.sum(x, 1, true);
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 1, inputShape: [3], kernelInitializer: 'zeros' })],
  });
  const optimizer = new ScheduleFreeAdamW({ learningRate: 0.1 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  await model.fit(x, y, { epochs: 40, verbose: 0, shuffle: false });
  const loss = async () => {
    const scalar = model.evaluate(x, y) as tf.Scalar;
    const [value] = await scalar.data();
    scalar.dispose();
    return value as number;
  };
  const training = await loss();
  optimizer.toEvaluation();
  const evaluation = await loss();
  await expect(model.fit(x, y, { epochs: 1, verbose: 0 })).rejects.toThrow(/toTraining/);
  optimizer.toTraining();
  expect(evaluation).not.toBe(training);
  // From zero weights, whose loss is the variance 3 of y.
  expect(evaluation).toBeLessThan(1);
  expect(await loss()).toBe(training);
  model.dispose();
  optimizer.dispose();
  tf.dispose([x, y]);
});

it('continues from a checkpoint on disk bit for bit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'schedule-free-'));
  const setUp = () => {
    const variable = variableOf(F.weights, F.shape);
    const parameters = () => [{ name: 'kernel', variable, decay: true }];
    const optimizer = new ScheduleFreeAdamW({ weightDecay: 0.1, warmupSteps: 5 });
    const run = stepper('eager', optimizer, variable);
    return { variable, run, optimizer, model: { parameters }, streams: new RandomStreams(1), config: null };
  };
  const [one, two] = [setUp(), setUp()];
  for (let t = 0; t < 3; t++) one.run.step(F.gradients[t] as readonly number[]);
  await saveCheckpoint(folder, { ...one, step: 3 });
  await loadCheckpoint(folder, two);
  for (const { run, optimizer } of [one, two]) {
    for (const gradient of F.gradients) run.step(gradient);
    optimizer.toEvaluation();
  }
  expect(await two.variable.data()).toEqual(await one.variable.data());
  for (const { variable, optimizer } of [one, two]) {
    optimizer.dispose();
    variable.dispose();
  }
  await rm(folder, { recursive: true });
});

describe('options', () => {
  it("has the authors' defaults", () => {
    expect(new ScheduleFreeAdamW().options).toEqual(SCHEDULE_FREE_ADAMW_DEFAULTS);
    const rule = { learningRate: 2.5e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    expect(SCHEDULE_FREE_ADAMW_DEFAULTS).toMatchObject({ ...rule, warmupSteps: 0, averagingPower: 0 });
  });

  it('come back from JSON', () => {
    const given = {
      learningRate: 3e-4,
      beta1: 0.95,
      beta2: 0.98,
      epsilon: 1e-6,
      weightDecay: 1,
      decay: noDecayOnVectors,
      warmupSteps: 100,
      averagingPower: 0.5,
    };
    const saved = JSON.parse(JSON.stringify(new ScheduleFreeAdamW(given).getConfig()));
    expect(ScheduleFreeAdamW.fromConfig<ScheduleFreeAdamW>(ScheduleFreeAdamW, saved).options).toEqual(given);
  });

  it.each<[string, object, RegExp]>([
    ['β₂ = 1', { beta2: 1 }, /ScheduleFreeAdamW: beta2 must be in \[0, 1\); got 1/],
    ['β₁ = 0', { beta1: 0 }, /ScheduleFreeAdamW: beta1 must be in \(0, 1\); got 0/],
    ['half a step', { warmupSteps: 0.5 }, /warmupSteps must be a whole number/],
    ['a negative power', { averagingPower: -1 }, /averagingPower must be at least 0/],
    ['an unknown one', { beta3: 0.5 }, /ScheduleFreeAdamW has no option 'beta3'/],
  ])('refuses %s', (_what, given, message) => {
    expect(() => new ScheduleFreeAdamW(given)).toThrow(UserError);
    expect(() => new ScheduleFreeAdamW(given)).toThrow(message);
  });
});
