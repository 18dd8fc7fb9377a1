import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { compile } from '../../src/compile/index.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { AdamW, type Optimizer } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

const STEPS = 50;
const [VOCABULARY, BATCH, LENGTH] = [13, 2, 8];

const OPTIMIZERS: Record<string, () => Optimizer> = {
  AdamW: () => new AdamW({ learningRate: (step) => 3e-3 / (1 + 0.1 * step), weightDecay: 0.1 }),
  CAME: () => new CAME({ learningRate: (step) => 1e-3 / (1 + 0.1 * step), weightDecay: 0.1 }),
};

type Step = (tokens: tf.Tensor2D, targets: tf.Tensor2D) => tf.Scalar;

/**
 * Trains a small language model with dropout from one seed, and returns each step's loss and the weights at the end.
 * `scale` multiplies the initial weights.
 */
async function train(makeOptimizer: () => Optimizer, wrap: (step: Step) => Step, scale = 1) {
  const model = new LanguageModel(
    { vocabulary: VOCABULARY, contextLength: LENGTH, width: 12, layers: 2, heads: 2, dropout: 0.1 },
    new RandomStreams(5),
  );
  for (const { variable } of model.parameters()) tf.tidy(() => variable.assign(variable.mul(scale)));
  const optimizer = makeOptimizer();
  const loss = (tokens: tf.Tensor2D, targets: tf.Tensor2D) => model.loss(tokens, targets, { training: true });
  const step = wrap((tokens, targets) => optimizer.minimize(() => loss(tokens, targets), true) as tf.Scalar);
  const random = new RandomNumbers(3);
  const losses: number[] = [];
  let tensors = 0;
  for (let i = 0; i < STEPS; i++) {
    const batch = () => tf.tensor2d(random.integers(BATCH * LENGTH, VOCABULARY), [BATCH, LENGTH], 'int32');
    const [tokens, targets] = [batch(), batch()];
    const value = step(tokens, targets);
    losses.push((await value.data())[0] as number);
    tf.dispose([tokens, targets, value]);
    if (i === 0) tensors = tf.memory().numTensors;
  }
  expect(tf.memory().numTensors).toBe(tensors);
  const weights = await Promise.all(
    model.parameters().map(async ({ variable }) => [...(await variable.data())]),
  );
  optimizer.dispose();
  model.dispose();
  return { losses, weights };
}

/** The same compiled, its graph thrown away every `period` steps, as in a process that stops and resumes. */
async function trainCaptured(makeOptimizer: () => Optimizer, period: number) {
  let runs = 0;
  let calls = 0;
  let dispose = () => {};
  const trained = await train(makeOptimizer, (step) => {
    const compiled = compile((tokens: tf.Tensor2D, targets: tf.Tensor2D) => {
      runs++;
      return step(tokens, targets);
    });
    dispose = compiled.dispose;
    return (tokens, targets) => {
      if (calls++ % period === 0) dispose();
      return compiled(tokens, targets);
    };
  });
  dispose();
  return { ...trained, runs };
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
}

// On every other backend compile returns the function itself: compile.backend.test.ts.
describe.skipIf(tf.getBackend() !== 'tensorflow')('a language model trained captured and eager', () => {
  afterEach(() => tf.disposeVariables());

  for (const [name, makeOptimizer] of Object.entries(OPTIMIZERS)) {
    test(name, async () => {
      const captured = await trainCaptured(makeOptimizer, STEPS);
      const eager = await train(makeOptimizer, (step) => step);

      // The first call makes the optimizer's state and is recorded again; the second confirms it.
      expect(captured.runs).toBe(3);
      // Before rounding differs, and while it has not grown.
      await expectAllClose(captured.losses.slice(0, 6), eager.losses.slice(0, 6));
      // Then it grows, for the gradient of the keys' bias is nothing but rounding, and these optimizers divide it by its own
      // size. How far, the same run tells, begun from weights that differ in their last place.
      const moved = await train(makeOptimizer, (step) => step, 1 + 2 ** -23);
      expect(distance(captured.losses, eager.losses)).toBeLessThan(
        5 * distance(moved.losses, eager.losses) + 1e-6,
      );
      for (const [i, weights] of eager.weights.entries()) {
        const growth = distance(moved.weights[i] as number[], weights);
        expect(distance(captured.weights[i] as number[], weights)).toBeLessThan(5 * growth + 1e-6);
      }
    });
    test(`${name}, to the last bit whenever it is recorded`, async () => {
      const { runs: once, ...whole } = await trainCaptured(makeOptimizer, STEPS);
      const { runs: often, ...resumed } = await trainCaptured(makeOptimizer, 7);
      expect(often).toBeGreaterThan(once);
      expect(resumed).toEqual(whole);
    });
  }
});
