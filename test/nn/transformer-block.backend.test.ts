import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type Layer, Mlp, MultiHeadAttention, TransformerBlock } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import { type BlockWeights, transformerBlock } from '../oracle/nn/language-model.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { normalMatrix, randomizeParameters, readWeights } from './weights.ts';

const [B, T, D, H] = [2, 4, 6, 2];
const stream = () => RandomStream.fromSeed(1, 'init');

function create(options: { mlp?: Layer; rate?: number } = {}): TransformerBlock {
  const { rate = 0, mlp = new Mlp({ width: D, hidden: 10 }, stream()) } = options;
  const dropout = { rate, stream: RandomStream.fromSeed(1, 'dropout') };
  const attention = new MultiHeadAttention({ width: D, heads: H, causal: true }, stream());
  const block = new TransformerBlock({ width: D, attention, mlp, epsilon: 1e-5, dropout }, stream());
  randomizeParameters(block, 2);
  return block;
}

/** A layer without weights, for what the block does with its parts. */
const layer = (apply: (x: tf.Tensor) => tf.Tensor): Layer => ({ apply, parameters: () => [], dispose() {} });

describe('TransformerBlock', () => {
  it('equals the oracle', async () => {
    const block = create();
    const weights = await readWeights<BlockWeights>(block);
    const { tensor, rows } = normalMatrix(3, [B, T, D]);
    const options = { heads: H, causal: true, epsilon: 1e-5 };
    const expected = [0, 1].map((b) => transformerBlock(rows.slice(b * T, (b + 1) * T), weights, options));
    await expectAllClose(block.apply(tensor), expected, tolerance(5)); // six products and two normalisations in a row
    block.dispose();
  });

  it('has the right gradient', async () => {
    const block = create();
    await expectGradientsMatch((x) => block.apply(x as tf.Tensor), [normalMatrix(4, [B, T, D]).tensor]);
    block.dispose();
  });

  it('is pre-norm: branches that give 0 leave x as it is, whatever its scale', async () => {
    const nothing = layer((x) => tf.zerosLike(x));
    const block = new TransformerBlock(
      { width: D, attention: nothing, mlp: nothing, epsilon: 1e-5 },
      stream(),
    );
    const x = normalMatrix(5, [B, T, D], 50).tensor;
    await expectAllClose(block.apply(x), x, { rtol: 0, atol: 0 });
    block.dispose();
  });

  it('runs the MLP that is passed in on the normalised sum, in training mode where it is', async () => {
    let training: boolean | undefined;
    const mlp: Layer = {
      ...layer((x) => x),
      apply: (x, options) => {
        training = options?.training;
        return tf.mul(x, 3);
      },
    };
    const attention = layer((x) => tf.zerosLike(x));
    const block = new TransformerBlock({ width: 2, attention, mlp, epsilon: 3 }, stream());
    // x = [−1, 1] has variance 1: normalised by √(1 + 3) it is [−½, ½], three times that added to x gives ±2.5.
    await expectAllClose(block.apply(tf.tensor3d([-1, 1], [1, 1, 2]), { training: true }), [-2.5, 2.5]);
    expect(training).toBe(true);
    block.dispose();
  });

  it('drops what each branch adds, never x', async () => {
    const one = layer((x) => tf.onesLike(x));
    const dropout = { rate: 0.5, stream: RandomStream.fromSeed(2, 'dropout') };
    const block = new TransformerBlock(
      { width: D, attention: one, mlp: one, epsilon: 1e-5, dropout },
      stream(),
    );
    const y = await block.apply(tf.zeros([4, 50, D]), { training: true }).data();
    const shares = [0, 2, 4].map((value) => y.filter((element) => element === value).length / y.length);
    // Two fair coins for each of 1,200 elements; five standard deviations of the shares.
    shares.forEach((share, i) => {
      expect(Math.abs(share - ([0.25, 0.5, 0.25][i] as number))).toBeLessThan(0.073);
    });
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(1);
    await expectAllClose(block.apply(tf.zeros([1, 1, D])), new Array(D).fill(2));
    block.dispose();
  });

  it('lists its parameters in the order of computation, and refuses another width', () => {
    const block = create();
    expect(block.parameters().map(({ name }) => name)).toEqual([
      'attentionNorm.gain',
      'attentionNorm.bias',
      'attention.queryKeyValue.weight',
      'attention.queryKeyValue.bias',
      'attention.output.weight',
      'attention.output.bias',
      'mlpNorm.gain',
      'mlpNorm.bias',
      'mlp.expand.weight',
      'mlp.expand.bias',
      'mlp.contract.weight',
      'mlp.contract.bias',
    ]);
    expect(() => block.apply(tf.zeros([B, T, D + 1]))).toThrow('must have shape [B, T, 6], got [2, 4, 7]');
    block.dispose();
  });

  it('does not leak, and frees all it made', async () => {
    const x = normalMatrix(6, [B, T, D]).tensor;
    await expectNoLeak(() => {
      const block = create({ rate: 0.1 });
      block.apply(x).dispose();
      const { value, grads } = tf.variableGrads(() => block.apply(x, { training: true }).sum() as tf.Scalar);
      tf.dispose([value, ...Object.values(grads)]);
      block.dispose();
    });
  });
});
