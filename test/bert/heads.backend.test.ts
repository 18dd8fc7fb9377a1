import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  Bert,
  MaskedTokenPredictor,
  SequenceClassifier,
  SequenceRegressor,
  SpanExtractor,
} from '../../src/bert/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import type { ParameterOwner } from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { randomizeParameters, readWeights } from '../nn/weights.ts';
import type { LinearWeights, NormWeights } from '../oracle/nn/encoder.ts';
import { crossEntropy, gelu, layerNorm, linear, type Matrix } from '../oracle/nn/functions.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { CAPTURES } from '../support/modes.ts';
import { expectNoLeak } from '../support/tensors.ts';

const SHAPE = {
  vocabulary: 9,
  positions: 5,
  segments: 2,
  width: 6,
  layers: 1,
  heads: 2,
  hidden: 8,
  epsilon: 1e-5,
};
const integers = (values: number[][]) => tf.tensor2d(values, undefined, 'int32');
const inputs = () => ({
  tokens: integers([
    [3, 8, 1, 4],
    [2, 7, 5, 0],
  ]),
  padding: integers([
    [0, 0, 0, 0],
    [0, 0, 0, 1],
  ]),
});

function create<M extends ParameterOwner>(
  head: (encoder: Bert, streams: RandomStreams) => M,
  dropout = 0,
): M {
  const streams = new RandomStreams(4);
  const model = head(new Bert({ ...SHAPE, dropout, attentionDropout: dropout }, streams), streams);
  randomizeParameters(model, 6);
  return model;
}

const classifier = (dropout = 0) =>
  create((encoder, streams) => new SequenceClassifier(encoder, ['a', 'b', 'c'], streams), dropout);

/** The encoder's last states as rows [8][6], from the model itself: encoder.backend.test.ts holds those against the oracle. */
async function lastStates({ base }: { readonly base: SequenceClassifier['base'] }): Promise<Matrix> {
  const states = base.encoder.encode(inputs());
  return (await states.reshape([8, 6]).array()) as number[][];
}

const tanh = (rows: Matrix) => rows.map((values) => values.map(Math.tanh));
const first = (rows: Matrix) => [rows[0], rows[4]] as Matrix;
const five = tolerance(5); // products in a row

describe('heads equal their definitions', () => {
  type Pooled = { pooler: { dense: LinearWeights }; classifier: LinearWeights };

  it('SequenceClassifier', async () => {
    const model = classifier();
    const { pooler, classifier: map } = await readWeights<Pooled>(model);
    const pooled = tanh(linear(first(await lastStates(model)), pooler.dense.weight, pooler.dense.bias));
    const expected = linear(pooled, map.weight, map.bias);
    await expectAllClose(model.logits(inputs()), expected, five);
    const loss = model.loss(inputs(), tf.tensor1d([2, 0], 'int32'));
    await expectAllClose(loss, [crossEntropy(expected, [2, 0])], five);
    model.dispose();
  });

  it('SequenceRegressor', async () => {
    const model = create((encoder, streams) => new SequenceRegressor(encoder, streams));
    const { pooler, classifier: map } = await readWeights<Pooled>(model);
    const pooled = tanh(linear(first(await lastStates(model)), pooler.dense.weight, pooler.dense.bias));
    const [a, b] = linear(pooled, map.weight, map.bias).flat() as [number, number];
    await expectAllClose(model.values(inputs()), [a, b], five);
    const loss = model.loss(inputs(), tf.tensor1d([1, -2]));
    await expectAllClose(loss, [((a - 1) ** 2 + (b + 2) ** 2) / 2], five);
    model.dispose();
  });

  it('SpanExtractor', async () => {
    const model = create((encoder, streams) => new SpanExtractor(encoder, streams));
    const { outputs } = await readWeights<{ outputs: LinearWeights }>(model);
    const both = linear(await lastStates(model), outputs.weight, outputs.bias);
    const column = (i: number) =>
      [both.slice(0, 4), both.slice(4)].map((rows) => rows.map((row) => row[i] as number));
    const [start, end] = [column(0), column(1)];
    const logits = model.logits(inputs());
    expect(logits.start.shape).toEqual([2, 4]);
    await expectAllClose(logits.start, start, five);
    await expectAllClose(logits.end, end, five);
    const loss = model.loss(inputs(), tf.tensor1d([1, 0], 'int32'), tf.tensor1d([3, 2], 'int32'));
    await expectAllClose(loss, [(crossEntropy(start, [1, 0]) + crossEntropy(end, [3, 2])) / 2], five);
    model.dispose();
  });

  it('MaskedTokenPredictor, tied to the table of tokens', async () => {
    const model = create((encoder, streams) => new MaskedTokenPredictor(encoder, streams));
    type Weights = {
      transform: LinearWeights;
      norm: NormWeights;
      bias: number[];
      base: { encoder: { embedding: { tokens: { weight: Matrix } } } };
    };
    const { transform, norm, bias, base } = await readWeights<Weights>(model);
    const hidden = linear(await lastStates(model), transform.weight, transform.bias).map((row) =>
      row.map(gelu),
    );
    const rows = layerNorm(hidden, norm.gain, norm.bias, 1e-5);
    const table = base.encoder.embedding.tokens.weight;
    const expected = rows.map((row) =>
      table.map((token, v) =>
        token.reduce((sum, value, i) => sum + value * (row[i] as number), bias[v] as number),
      ),
    );
    const logits = model.logits(inputs());
    expect(logits.shape).toEqual([2, 4, 9]);
    await expectAllClose(logits, expected, five);
    const targets = [1, 2, 3, 4, 5, 6, 7, 8];
    const weights = [0, 1, 0, 0, 1, 0, 1, 0];
    const loss = model.loss(inputs(), tf.tensor2d(targets, [2, 4], 'int32'), tf.tensor2d(weights, [2, 4]));
    await expectAllClose(loss, [crossEntropy(expected, targets, weights)], five);
    model.dispose();
  });

  it('a classifier needs labels that differ', () => {
    expect(() => create((encoder, streams) => new SequenceClassifier(encoder, ['a'], streams))).toThrow(
      UserError,
    );
    expect(() => create((encoder, streams) => new SequenceClassifier(encoder, ['a', 'a'], streams))).toThrow(
      'at least two different labels, got: a, a',
    );
  });
});

describe('fine-tuning', () => {
  /** Losses of a few steps with dropout, and the number of tensors after the first and the last. */
  async function train(captured: boolean): Promise<number[]> {
    const model = classifier(0.1);
    const optimizer = new AdamW({ learningRate: 1e-2, weightDecay: 0.01 });
    const plain = (tokens: tf.Tensor2D, padding: tf.Tensor2D, labels: tf.Tensor1D) =>
      optimizer.minimize(
        () => model.loss({ tokens, padding }, labels, { training: true }),
        true,
      ) as tf.Scalar;
    const step = captured ? compile(plain) : Object.assign(plain, { dispose() {} });
    const losses: number[] = [];
    let tensors = 0;
    for (let i = 0; i < 12; i++) {
      const { tokens, padding } = inputs();
      const labels = tf.tensor1d([i % 3, (i + 1) % 3], 'int32');
      const loss = step(tokens, padding, labels);
      losses.push((await loss.data())[0] as number);
      tf.dispose([tokens, padding, labels, loss]);
      if (i === 0) tensors = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(tensors);
    step.dispose();
    optimizer.dispose();
    model.dispose();
    return losses;
  }

  it.skipIf(!CAPTURES)(
    'gives the same losses captured and eager, dropout included, with a steady number of tensors',
    async () => {
      const eager = await train(false);
      const before = tf.memory().numTensors;
      // AdamW divides gradients by their own size, also those that are nothing but rounding (the keys' bias).
      await expectAllClose(await train(true), eager, { rtol: 1e-3, atol: 1e-4 });
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('learns: the loss on one batch falls to a tenth', async () => {
    const model = classifier();
    const optimizer = new AdamW({ learningRate: 2e-2 });
    const x = inputs();
    const labels = tf.tensor1d([0, 2], 'int32');
    const loss = () => model.loss(x, labels);
    const [before] = await tf.tidy(loss).data();
    for (let i = 0; i < 40; i++) optimizer.minimize(loss);
    const [after] = await tf.tidy(loss).data();
    expect(after).toBeLessThan((before as number) / 10);
    optimizer.dispose();
    model.dispose();
  });

  it('leaves nothing behind when a model goes', async () => {
    const x = inputs();
    await expectNoLeak(() => {
      const models = [
        classifier(),
        create((encoder, streams) => new SequenceRegressor(encoder, streams)),
        create((encoder, streams) => new SpanExtractor(encoder, streams)),
        create((encoder, streams) => new MaskedTokenPredictor(encoder, streams)),
      ] as const;
      const [a, b, c, d] = models;
      const { start, end } = c.logits(x);
      tf.dispose([a.logits(x), b.values(x), start, end, d.logits(x)]);
      for (const model of models) model.dispose();
    });
  });
});
