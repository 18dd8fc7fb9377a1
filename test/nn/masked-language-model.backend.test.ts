import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { MaskedLanguageModel, type MaskedLanguageModelOptions } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { crossEntropy, type Vector } from '../oracle/nn/functions.ts';
import { type MaskedModelWeights, maskedLanguageModel } from '../oracle/nn/masked-language-model.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { randomizeParameters, readWeights } from './weights.ts';

const SMALL: MaskedLanguageModelOptions = {
  vocabulary: 11,
  contextLength: 6,
  width: 8,
  layers: 2,
  heads: 2,
  hidden: 12,
};
const [B, T] = [2, 5];
// Deviation 0.4 everywhere: logits of some tens, gone through 14 products.
const deep = () => tolerance(20);

function create(options: Partial<MaskedLanguageModelOptions> = {}): MaskedLanguageModel {
  return new MaskedLanguageModel({ ...SMALL, ...options }, new RandomStreams(1));
}

function draw(seed: number): { tensor: tf.Tensor2D; sequences: Vector[] } {
  const values = new RandomNumbers(seed).integers(B * T, 11);
  const sequences = Array.from({ length: B }, (_, b) => [...values.slice(b * T, (b + 1) * T)]);
  return { tensor: tf.tensor2d(values, [B, T], 'int32'), sequences };
}

/** Three places to predict. */
const PREDICTED = [false, true, false, false, true, false, false, false, true, false];
function targets(): { tensor: tf.Tensor2D; labels: number[]; shares: number[] } {
  const values = new RandomNumbers(5).integers(B * T, 11);
  const marked = values.map((value, i) => (PREDICTED[i] ? value : -1));
  return {
    tensor: tf.tensor2d(marked, [B, T], 'int32'),
    labels: [...values],
    shares: PREDICTED.map(Number),
  };
}

describe('MaskedLanguageModel', () => {
  it.each([
    ['a short sequence', {}],
    ['a full context', { contextLength: T }],
  ])('equals the oracle: logits and loss, %s', async (_, options) => {
    const model = create(options);
    randomizeParameters(model, 3);
    const weights = await readWeights<MaskedModelWeights>(model);
    const tokens = draw(4);
    const expected = tokens.sequences.map((s) =>
      maskedLanguageModel(s, weights, { heads: 2, epsilon: 1e-12 }),
    );
    const logits = model.logits(tokens.tensor);
    expect(logits.shape).toEqual([B, T, 11]);
    await expectAllClose(logits, expected, deep());
    const { tensor, labels, shares } = targets();
    const loss = model.loss(tokens.tensor, tensor);
    expect(loss.shape).toEqual([]);
    await expectAllClose(loss, [crossEntropy(expected.flat(), labels, shares)], deep());
    model.dispose();
  });

  it('has the right gradient for every parameter', async () => {
    const model = create();
    randomizeParameters(model, 6);
    const weights = await readWeights<MaskedModelWeights>(model);
    const tokens = draw(7);
    const { tensor, labels, shares } = targets();
    const loss = () =>
      crossEntropy(
        tokens.sequences.flatMap((s) => maskedLanguageModel(s, weights, { heads: 2, epsilon: 1e-12 })),
        labels,
        shares,
      );
    const { grads } = tf.variableGrads(() => model.loss(tokens.tensor, tensor));
    const random = new RandomNumbers(9);
    for (const { name, variable } of model.parameters()) {
      const gradient = await (grads[variable.name] as tf.Tensor).data();
      // Probe a few elements, by moving them in the oracle's float64 weights.
      const node = name
        .split('.')
        .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], weights);
      for (let probe = 0; probe < 4; probe++) {
        const index = random.integer(variable.size);
        const columns = variable.shape.at(-1) as number;
        const values = (
          variable.rank === 1 ? node : (node as number[][])[Math.floor(index / columns)]
        ) as number[];
        const column = index % columns;
        const original = values[column] as number;
        const [up, down] = [1e-5, -1e-5].map((h) => {
          values[column] = original + h;
          return loss();
        }) as [number, number];
        values[column] = original;
        // Gradients of order 0.1 to 1; the difference quotient itself is good to 1e-9.
        await expectAllClose([gradient[index] as number], [(up - down) / 2e-5], { ...deep(), rtol: 1e-3 });
      }
    }
    model.dispose();
  });

  it('sees both ways: the last token changes the first scores, and the first the last', async () => {
    const model = create();
    randomizeParameters(model, 10);
    const scores = async (tokens: number[], at: number) =>
      Float32Array.from(
        await model
          .logits(tf.tensor2d(tokens, [1, T], 'int32'))
          .slice([0, at, 0], [1, 1, 11])
          .data(),
      );
    const base = [1, 2, 3, 4, 5];
    expect(await scores([1, 2, 3, 4, 6], 0)).not.toEqual(await scores(base, 0));
    expect(await scores([7, 2, 3, 4, 5], T - 1)).not.toEqual(await scores(base, T - 1));
    model.dispose();
  });

  it('is blind to what the targets hold where nothing is predicted, and has the loss 0 where nothing is', async () => {
    const model = create();
    randomizeParameters(model, 11);
    const { tensor: tokens } = draw(12);
    const { tensor } = targets();
    const other = tf.where(tensor.less(0), tf.fill([B, T], -100, 'int32') as tf.Tensor2D, tensor);
    expect(await model.loss(tokens, other).data()).toEqual(await model.loss(tokens, tensor).data());
    const nothing = tf.fill([B, T], -1, 'int32') as tf.Tensor2D;
    expect([...(await model.loss(tokens, nothing).data())]).toEqual([0]);
    model.dispose();
  });

  it('compiled gives the loss of the eager one, and the masks of each call count', async () => {
    const model = create();
    randomizeParameters(model, 13);
    const step = compile((tokens: tf.Tensor2D, marked: tf.Tensor2D) => model.loss(tokens, marked));
    const { tensor } = targets();
    const first = tf.tensor2d([3, ...new Array(B * T - 1).fill(-1)], [B, T], 'int32');
    for (const [call, marked] of [tensor, first, tensor, first].entries()) {
      const { tensor: tokens } = draw(call);
      // The graph optimizer may reorder sums.
      await expectAllClose(step(tokens, marked), model.loss(tokens, marked), deep());
    }
    step.dispose();
    model.dispose();
  });

  it('starts near a loss of log V, leaks nothing, and disposes all it has', async () => {
    const { tensor: tokens } = draw(14);
    const { tensor } = targets();
    const fresh = create();
    const loss = (await fresh.loss(tokens, tensor).data())[0] as number;
    // A head of deviation 0.02 on normalized rows of width 8: scores of some 0.06.
    expect(Math.abs(loss - Math.log(11))).toBeLessThan(0.15);
    fresh.dispose();
    await expectNoLeak(async () => {
      const model = create({ dropout: 0.1 });
      tf.dispose(tf.variableGrads(() => model.loss(tokens, tensor, { training: true })));
      model.dispose();
    });
  });

  it('refuses what does not fit', () => {
    expect(() => create({ layers: 0 })).toThrow(
      'MaskedLanguageModel: layers must be a positive integer, got 0.',
    );
    expect(() => create({ heads: 3 })).toThrow(UserError);
    expect(() => create({ epsilon: 0 })).toThrow('epsilon must be positive');
    const model = create();
    const long = tf.zeros([1, 7], 'int32') as tf.Tensor2D;
    expect(() => model.logits(long)).toThrow('7 tokens is longer than the 6 positions');
    expect(() => model.loss(draw(1).tensor, long)).toThrow('MaskedLanguageModel: the targets');
    model.dispose();
  });
});
