import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { TrigramEmbedding } from '../../methods/efficient-bert/index.ts';
import { normal } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { randomizeParameters, readWeights } from '../nn/weights.ts';
import { linear, type Matrix } from '../oracle/nn/functions.ts';
import { expectAllClose } from '../support/allclose.ts';
import { expectNoLeak } from '../support/tensors.ts';

const [V, E, H] = [5, 2, 3];
const create = () => {
  const stream = RandomStream.fromSeed(1, 'init');
  return new TrigramEmbedding(
    { vocabulary: V, embedded: E, width: H, paddingToken: 0, initializer: normal(0.02) },
    stream,
  );
};
const integers = (values: number[][]) => tf.tensor2d(values, undefined, 'int32');

describe('TrigramEmbedding', () => {
  it('by hand: next, current, previous, with zeros beyond the ends', async () => {
    const embedding = create();
    // Token v has the vector [v, 10v], and the map takes the first of each of the three.
    const table = Array.from({ length: V }, (_, v) => [v, 10 * v]);
    embedding.tokens.table.weight.variable.assign(tf.tensor2d(table));
    const picks = [
      [1, 0, 0],
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ];
    embedding.dense.weight.variable.assign(tf.tensor2d(picks));
    await expectAllClose(embedding.apply(integers([[1, 2, 0, 4]])), [
      [2, 1, 0],
      [0, 2, 1],
      [4, 0, 2],
      [0, 4, 0],
    ]);
    await expectAllClose(embedding.apply(integers([[3]])), [0, 3, 0]);
    embedding.dispose();
  });

  it('equals a plain form, and gives padding no gradient', async () => {
    const embedding = create();
    randomizeParameters(embedding, 2);
    type Weights = { tokens: { weight: Matrix }; dense: { weight: Matrix; bias: number[] } };
    const { tokens, dense } = await readWeights<Weights>(embedding);
    const text = [4, 0, 1, 3];
    const vector = (at: number) =>
      text[at] === undefined ? [0, 0] : [...(tokens.weight[text[at]] as number[])];
    const rows = text.map((_, t) => [...vector(t + 1), ...vector(t), ...vector(t - 1)]);
    await expectAllClose(embedding.apply(integers([text])), linear(rows, dense.weight, dense.bias));

    const { grads } = tf.variableGrads(() =>
      embedding
        .apply(integers([text]))
        .sum()
        .asScalar(),
    );
    const table = (await (
      grads[embedding.tokens.table.weight.variable.name] as tf.Tensor
    ).array()) as number[][];
    expect(table.map((row) => row.some((value) => value !== 0))).toEqual([false, true, false, true, true]);
    embedding.dispose();
  });

  it('leaves nothing behind', async () => {
    const tokens = integers([[1, 2]]);
    await expectNoLeak(() => {
      const embedding = create();
      embedding.apply(tokens).dispose();
      embedding.dispose();
    });
  });
});
