import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile/index.ts';
import { LanguageModel } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { GradientAccumulator } from '../../src/training/accumulate.ts';
import { expectAllClose } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';

describe('GradientAccumulator', () => {
  it('by hand: the mean of 1, 2 and 6 is 3, and a reset starts again', async () => {
    const w = tf.variable(tf.scalar(0));
    const unused = tf.variable(tf.scalar(0));
    const sums = new GradientAccumulator([w, unused]);
    for (let round = 0; round < 2; round++) {
      for (const g of [1, 2, 6]) tf.tidy(() => sums.add({ [w.name]: tf.scalar(g) }));
      const mean = sums.mean(3);
      expect(Object.keys(mean)).toEqual([w.name]); // not zero for `unused`: it had no gradient
      await expectAllClose(mean[w.name] as tf.Tensor, 3);
      tf.dispose(mean);
      sums.reset();
    }
    sums.dispose();
    tf.dispose([w, unused]);
  });

  it('refuses a gradient of an unknown variable', () => {
    const sums = new GradientAccumulator([]);
    const gradient = tf.scalar(1);
    expect(() => sums.add({ unknown: gradient })).toThrow(/'unknown'/);
    gradient.dispose();
  });

  it('micro batches have the gradient of the whole batch, compiled too', async () => {
    const random = new RandomNumbers(3);
    const model = new LanguageModel(
      { vocabulary: 11, contextLength: 6, width: 8, layers: 1, heads: 2 },
      new RandomStreams(0),
    );
    const variables = model.parameters().map(({ variable }) => variable);
    const batch = () => tf.tensor2d(random.integers(24, 11), [4, 6], 'int32');
    const [tokens, targets] = [batch(), batch()];
    const gradients = (x: tf.Tensor2D, y: tf.Tensor2D) =>
      tf.variableGrads(() => model.loss(x, y, { training: true }), variables).grads;
    const whole = tf.tidy(() => gradients(tokens, targets));
    const sums = new GradientAccumulator(variables);
    const add = compile((x: tf.Tensor2D, y: tf.Tensor2D) => {
      tf.tidy(() => sums.add(gradients(x, y)));
      return null;
    });
    const finish = compile(() => {
      const mean = sums.mean(2);
      sums.reset();
      return mean;
    });
    const before = tf.memory().numTensors;
    for (let round = 0; round < 4; round++) {
      for (const start of [0, 2]) {
        const [x, y] = [tf.slice(tokens, [start, 0], [2, 6]), tf.slice(targets, [start, 0], [2, 6])];
        add(x, y);
        tf.dispose([x, y]);
      }
      const mean = finish();
      expect(Object.keys(mean).sort()).toEqual(Object.keys(whole).sort());
      // Two sums of half as many terms instead of one; gradients here are below 0.1.
      for (const [name, gradient] of Object.entries(whole)) {
        await expectAllClose(mean[name] as tf.Tensor, gradient, { atol: 2e-6 });
      }
      tf.dispose(mean);
    }
    expect(tf.memory().numTensors).toBe(before);
    add.dispose();
    finish.dispose();
    sums.dispose();
    model.dispose();
    tf.dispose([whole, tokens, targets]);
  });

  it('leaves nothing behind', async () => {
    const w = tf.variable(tf.zeros([3]));
    await expectNoLeak(() => {
      const sums = new GradientAccumulator([w]);
      tf.tidy(() => sums.add({ [w.name]: tf.ones([3]) }));
      sums.reset();
      tf.dispose(sums.mean(1));
      sums.dispose();
    });
    w.dispose();
  });
});
