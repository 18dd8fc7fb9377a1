import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { LanguageModel } from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { makeEvaluator } from '../../src/training/evaluate.ts';
import { makeTrainStep, type StepResult, type TrainStepOptions } from '../../src/training/train-step.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

const CONFIG = { vocabulary: 11, contextLength: 6, width: 8, layers: 1, heads: 2 };

function setUp(options: Partial<TrainStepOptions> & { dropout?: number } = {}) {
  const model = new LanguageModel({ ...CONFIG, dropout: options.dropout ?? 0 }, new RandomStreams(0));
  const optimizer = new AdamW({ learningRate: 1e-2 });
  const step = makeTrainStep({ model, optimizer, ...options });
  const dispose = () => {
    step.dispose();
    optimizer.dispose();
    model.dispose();
  };
  return { model, optimizer, step, dispose };
}

function batches(count: number): (readonly [tf.Tensor2D, tf.Tensor2D])[] {
  const random = new RandomNumbers(5);
  const batch = () => tf.tensor2d(random.integers(24, 11), [4, 6], 'int32');
  return Array.from({ length: count }, () => [batch(), batch()] as const);
}

async function weights(model: LanguageModel): Promise<number[]> {
  const all = await Promise.all(model.parameters().map(async ({ variable }) => [...(await variable.data())]));
  return all.flat();
}

describe('makeTrainStep', () => {
  it('does what the parts do one by one, over steps, at constant numTensors', async () => {
    const one = setUp({ clipNorm: 0.5 });
    const two = setUp();
    const variables = two.model.parameters().map(({ variable }) => variable);
    const data = batches(6);
    let settled = 0;
    for (const [i, [tokens, targets]] of data.entries()) {
      const { loss, gradientNorm } = one.step(tokens, targets) as Required<StepResult>;
      const expected = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(
          () => two.model.loss(tokens, targets, { training: true }),
          variables,
        );
        const squares = Object.values(grads).map((g) => tf.sum(tf.square(g)));
        // Not addN: of this many scalars webgpu's is wrong.
        const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
        const scale = tf.div(0.5, tf.maximum(norm, 0.5));
        two.optimizer.applyGradients(
          Object.fromEntries(Object.entries(grads).map(([n, g]) => [n, tf.mul(g, scale)])),
        );
        return { value, norm };
      });
      // A model of depth 1 and up to six AdamW steps: rounding grows tenfold beyond a single operation's.
      await expectAllClose(loss, expected.value, { rtol: 1e-4 });
      await expectAllClose(gradientNorm, expected.norm, { rtol: 1e-4, atol: 1e-5 });
      expect((await gradientNorm.data())[0]).toBeGreaterThan(0.5); // so that clipping is at work
      tf.dispose([loss, gradientNorm, expected.value, expected.norm]);
      if (i === 2) settled = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(settled);
    await expectAllClose(await weights(one.model), await weights(two.model), { rtol: 1e-3, atol: 1e-4 });
    one.dispose();
    two.dispose();
    tf.dispose(data.flat());
  });

  it('with two micro batches does the same as with one', async () => {
    const one = setUp({ clipNorm: 0.5 });
    const two = setUp({ clipNorm: 0.5, accumulation: 2 });
    const data = batches(5);
    for (const [tokens, targets] of data) {
      const [a, b] = [one, two].map(({ step }) => step(tokens, targets)) as [
        Required<StepResult>,
        Required<StepResult>,
      ];
      await expectAllClose(b.loss, a.loss, { rtol: 1e-4 });
      await expectAllClose(b.gradientNorm, a.gradientNorm, { rtol: 1e-4 });
      tf.dispose([a, b]);
    }
    // AdamW divides small gradients by their own size, so that rounding in them is a share of the step of 1e-2.
    await expectAllClose(await weights(two.model), await weights(one.model), { rtol: 1e-3, atol: 1e-4 });
    one.dispose();
    two.dispose();
    tf.dispose(data.flat());
  });

  it.each([1, 2])(
    'measures the norm where it is asked to, and only then (%d micro batches)',
    async (accumulation) => {
      const plain = setUp({ accumulation });
      const reporting = setUp({ accumulation, reportNorm: true });
      const clipping = setUp({ accumulation, clipNorm: 1e6 });
      const data = batches(4);
      for (const [tokens, targets] of data) {
        const [a, b, c] = [plain, reporting, clipping].map(({ step }) =>
          step(tokens, targets),
        ) as StepResult[];
        expect(Object.keys(a as StepResult)).toEqual(['loss']);
        await expectAllClose(b?.loss as tf.Scalar, a?.loss as tf.Scalar, { rtol: 1e-4 });
        await expectAllClose(b?.gradientNorm as tf.Scalar, c?.gradientNorm as tf.Scalar, { rtol: 1e-4 });
        tf.dispose([a, b, c]);
      }
      for (const { dispose } of [plain, reporting, clipping]) dispose();
      tf.dispose(data.flat());
    },
  );

  it('frees everything it made', async () => {
    const [[tokens, targets]] = batches(1) as [[tf.Tensor2D, tf.Tensor2D]];
    const before = tf.memory().numTensors;
    const { step, dispose } = setUp({ accumulation: 2, clipNorm: 1 });
    for (let i = 0; i < 4; i++) tf.dispose(step(tokens, targets));
    dispose();
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([tokens, targets]);
  });

  it('refuses what cannot be', () => {
    expect(() => setUp({ accumulation: 0 })).toThrow(/positive integer/);
    const { step, dispose } = setUp({ accumulation: 3 });
    const [[tokens, targets]] = batches(1) as [[tf.Tensor2D, tf.Tensor2D]];
    expect(() => step(tokens, targets)).toThrow(/batch of 4 cannot be cut into 3/);
    dispose();
    tf.dispose([tokens, targets]);
  });
});

describe('makeEvaluator', () => {
  it('is the mean over targets, without dropout, batches of unequal size weighted', async () => {
    const { model, dispose } = setUp({ dropout: 0.5 });
    const evaluate = makeEvaluator(model);
    const [[tokens, targets]] = batches(1) as [[tf.Tensor2D, tf.Tensor2D]];
    const whole = tf.tidy(() => model.loss(tokens, targets, { training: false }));
    const [expected] = await whole.data();
    const part = (tensor: tf.Tensor2D, from: number, rows: number) =>
      tf.slice(tensor, [from, 0], [rows, 6]) as tf.Tensor2D;
    const parts = function* () {
      yield { tokens: part(tokens, 0, 3), targets: part(targets, 0, 3) };
      yield { tokens: part(tokens, 3, 1), targets: part(targets, 3, 1) };
    };
    const first = await evaluate(parts());
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) expect(await evaluate(parts())).toBe(first); // the same bits each time
    expect(tf.memory().numTensors).toBe(before);
    await expectAllClose([first], [expected as number]);
    await expect(evaluate([])).rejects.toThrow(/nothing to evaluate/);
    evaluate.dispose();
    dispose();
    tf.dispose([whole, tokens, targets]);
  });
});
