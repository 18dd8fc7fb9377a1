import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { ScheduleFreeAdamW } from '../../src/optimizers/index.ts';
import { F } from '../came/fixtures.ts';
import { ScheduleFreeOracle } from '../oracle/optimizers/schedule-free-adamw.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { agreesWithOracle, keepsTheContract } from './contract.ts';
import { goldenSteps } from './golden-steps.ts';
import { MODES, slotValues, stepper, variableOf } from './stepper.ts';

const EXACT = { rtol: 0, atol: 0 };
const gradientOf = (t: number) => Array.from({ length: 6 }, (_, k) => Math.sin(1 + k + 3 * t));

it.each(MODES)('F1: the golden steps, y while training and x while evaluating, %s', async (mode) => {
  const variable = variableOf(F.weights, F.shape);
  const optimizer = new ScheduleFreeAdamW({ learningRate: 1e-2 });
  const steps = stepper(mode, optimizer, variable);
  // The spec's bound for float32: |W − golden| ≤ 2e-6 · max(1, |golden|).
  const close = { rtol: 2e-6, atol: 2e-6 };
  for (const [t, golden] of goldenSteps('F1').entries()) {
    steps.step(F.gradients[t] as readonly number[]);
    await expectAllClose(variable, golden.p, close);
    const y = await variable.data();
    const { d } = await slotValues(optimizer, 'schedulefree_');
    await expectAllClose(
      Array.from(y, (value, i) => value + (d?.[i] as number)),
      golden.z as readonly number[],
      close,
    );
    optimizer.toEvaluation();
    await expectAllClose(variable, golden.x as readonly number[], close);
    optimizer.toTraining();
    await expectAllClose(variable, y, EXACT);
  }
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
});

const VARIANTS = [
  { weightDecay: 0.05 },
  { warmupSteps: 5, averagingPower: 1 },
  { beta1: 0.95, beta2: 0.99, weightDecay: 0.1 },
];
for (const variant of VARIANTS) {
  agreesWithOracle(
    JSON.stringify(variant),
    'schedulefree_',
    () => new ScheduleFreeAdamW({ learningRate: 1e-2, ...variant }),
    (_shape, weights) => {
      const oracle = new ScheduleFreeOracle(weights, { learningRate: () => 1e-2, ...variant });
      const slots = () => ({ d: oracle.z.map((z, i) => z - (oracle.weights[i] as number)), v: oracle.v });
      return Object.defineProperty(oracle, 'slots', { get: slots }) as ScheduleFreeOracle & {
        slots: ReturnType<typeof slots>;
      };
    },
  );
}

it.each(MODES)('weighs by the greatest learning rate so far, also under a schedule, %s', async (mode) => {
  const rate = (step: number) => [1e-3, 1e-2, 5e-3, 2e-2, 1e-3][step % 5] as number;
  const random = new RandomNumbers(7);
  const weights = Array.from(random.normals(6));
  const oracle = new ScheduleFreeOracle(weights, { learningRate: (t) => rate(t - 1), averagingPower: 2 });
  const variable = variableOf(weights, [2, 3]);
  const optimizer = new ScheduleFreeAdamW({ learningRate: rate, averagingPower: 2 });
  const steps = stepper(mode, optimizer, variable);
  for (let t = 0; t < 12; t++) {
    const gradient = Array.from(random.normals(6));
    steps.step(gradient);
    oracle.step(gradient);
    await expectAllClose(variable, oracle.weights, { rtol: 3e-6, atol: 3e-6 });
    optimizer.toEvaluation();
    await expectAllClose(variable, oracle.x, { rtol: 3e-6, atol: 3e-6 });
    optimizer.toTraining();
  }
  steps.dispose();
  optimizer.dispose();
  variable.dispose();
});

it('stands still while the learning rate is zero, and averages nothing', async () => {
  const variable = variableOf(F.weights, F.shape);
  const optimizer = new ScheduleFreeAdamW({ learningRate: 0 });
  const steps = stepper('eager', optimizer, variable);
  for (let t = 0; t < 2; t++) steps.step(gradientOf(t));
  await expectAllClose(variable, F.weights.map(Math.fround), EXACT);
  optimizer.dispose();
  variable.dispose();
});

describe('evaluation', () => {
  it('does nothing before the first step, and twice no more than once', async () => {
    const tensors = tf.memory().numTensors;
    const variable = variableOf(F.weights, F.shape);
    const optimizer = new ScheduleFreeAdamW();
    optimizer.toEvaluation();
    optimizer.toTraining();
    await expectAllClose(variable, F.weights.map(Math.fround), EXACT);
    const { step } = stepper('eager', optimizer, variable);
    for (let t = 0; t < 3; t++) step(gradientOf(t));
    const y = await variable.data();
    const held = tf.memory().numTensors;
    expect(optimizer.evaluating).toBe(false);
    optimizer.toEvaluation();
    const x = await variable.data();
    expect(Array.from(x)).not.toEqual(Array.from(y));
    optimizer.toEvaluation();
    expect(optimizer.evaluating).toBe(true);
    await expectAllClose(variable, x, EXACT);
    expect(tf.memory().numTensors).toBe(held + 1);
    optimizer.toTraining();
    optimizer.toTraining();
    await expectAllClose(variable, y, EXACT);
    expect(tf.memory().numTensors).toBe(held);
    tf.tidy(() => optimizer.toEvaluation());
    optimizer.toTraining();
    await expectAllClose(variable, y, EXACT);
    optimizer.toEvaluation();
    optimizer.dispose();
    // The average stays, for use.
    await expectAllClose(variable, x, EXACT);
    variable.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each(MODES)('in between changes no later step by a bit, %s', async (mode) => {
    const run = async (evaluates: boolean) => {
      const variable = variableOf(F.weights, F.shape);
      const optimizer = new ScheduleFreeAdamW({ weightDecay: 0.1 });
      const steps = stepper(mode, optimizer, variable);
      for (let t = 0; t < 8; t++) {
        steps.step(gradientOf(t));
        if (!evaluates) continue;
        optimizer.toEvaluation();
        optimizer.toTraining();
      }
      const values = await variable.data();
      steps.dispose();
      optimizer.dispose();
      variable.dispose();
      return Array.from(values);
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it.each(MODES)('refuses a step, with nothing written, %s', async (mode) => {
    const variable = variableOf(F.weights, F.shape);
    const optimizer = new ScheduleFreeAdamW();
    const apply = (gradient: tf.Tensor) => {
      optimizer.applyGradients({ [variable.name]: gradient });
      return tf.sum(gradient);
    };
    const run = mode === 'captured' ? compile(apply) : Object.assign(apply, { dispose: () => undefined });
    const gradient = tf.tensor2d(gradientOf(0), [2, 3]);
    for (let t = 0; t < 4; t++) run(gradient).dispose();
    optimizer.toEvaluation();
    const x = await variable.data();
    const tensors = tf.memory().numTensors;
    expect(() => run(gradient)).toThrow(UserError);
    expect(() => run(gradient)).toThrow(/toTraining/);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(optimizer.iterations).toBe(4);
    await expectAllClose(variable, x, EXACT);
    optimizer.toTraining();
    run(gradient).dispose();
    expect(optimizer.iterations).toBe(5);
    run.dispose();
    optimizer.dispose();
    tf.dispose([variable, gradient]);
  });

  it('is not what is saved to be continued', async () => {
    const variable = variableOf(F.weights, F.shape);
    const optimizer = new ScheduleFreeAdamW();
    stepper('eager', optimizer, variable).step(gradientOf(0));
    optimizer.toEvaluation();
    await expect(optimizer.getWeights()).rejects.toThrow(/toTraining/);
    optimizer.toTraining();
    expect((await optimizer.getWeights()).map(({ name }) => name)).toEqual([
      'iter',
      'averaging',
      `${variable.name}/schedulefree_d`,
      `${variable.name}/schedulefree_v`,
    ]);
    optimizer.dispose();
    variable.dispose();
  });

  it('after a restart waits for the first step, which says whose the state is', async () => {
    const variable = variableOf(F.weights, F.shape);
    const [one, two] = [new ScheduleFreeAdamW(), new ScheduleFreeAdamW()];
    const steps = [one, two].map((optimizer) => stepper('eager', optimizer, variable));
    for (let t = 0; t < 3; t++) steps[0]?.step(gradientOf(t));
    await two.setWeights(await one.getWeights());
    expect(() => two.toEvaluation()).toThrow(UserError);
    expect(() => two.toEvaluation()).toThrow(/after the next step/);
    steps[1]?.step(gradientOf(3));
    const y = await variable.data();
    two.toEvaluation();
    await expect(expectAllClose(variable, y, EXACT)).rejects.toThrow();
    two.dispose();
    one.dispose();
    variable.dispose();
  });
});

it('continues with the weights of the average to the last bit', async () => {
  // Σw of rates that are no sums of powers of two: in float32 it would not come back.
  const rate = (step: number) => 0.001 * (1 + Math.sin(step) ** 2);
  const options = { learningRate: rate, averagingPower: 0.3 };
  const [one, two] = [new ScheduleFreeAdamW(options), new ScheduleFreeAdamW(options)];
  const a = variableOf(F.weights, F.shape);
  const before = stepper('eager', one, a);
  for (let t = 0; t < 5; t++) before.step(gradientOf(t));
  const b = variableOf(await a.data(), F.shape, a.name.concat('/copy'));
  const tensors = tf.memory().numTensors;
  const saved = await one.getWeights();
  // `iter` and the average are the optimizer's, until the next call or `dispose`.
  expect(tf.memory().numTensors).toBe(tensors + 2);
  await one.getWeights();
  expect(tf.memory().numTensors).toBe(tensors + 2);
  const renamed = (await one.getWeights()).map(({ name, tensor }) => ({
    name: name.replace(`${a.name}/`, `${b.name}/`),
    tensor,
  }));
  expect(saved).toHaveLength(4);
  await two.setWeights(renamed);
  const after = stepper('eager', two, b);
  for (let t = 5; t < 9; t++) {
    before.step(gradientOf(t));
    after.step(gradientOf(t));
  }
  await expectAllClose(b, a, EXACT);
  one.toEvaluation();
  two.toEvaluation();
  await expectAllClose(b, a, EXACT);
  await expect(two.setWeights(renamed.filter(({ name }) => name !== 'averaging'))).rejects.toThrow(
    /'averaging'/,
  );
  one.dispose();
  two.dispose();
  tf.dispose([a, b]);
});

// z − y and v.
keepsTheContract('ScheduleFreeAdamW', () => new ScheduleFreeAdamW({ weightDecay: 0.1 }), [
  [[6, 4], 2 * 24],
  [[5, 6, 4], 2 * 120],
  [[9], 2 * 9],
  [[], 2],
]);
