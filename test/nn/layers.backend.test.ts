import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { countParameters, Embedding, LayerNorm, Linear, Mlp } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import * as oracle from '../oracle/nn/functions.ts';
import type { LinearWeights } from '../oracle/nn/language-model.ts';
import { expectAllClose, tolerance } from '../support/allclose.ts';
import { expectGradientsMatch, expectNoLeak } from '../support/tensors.ts';
import { nest, normalMatrix, randomizeParameters, readWeights } from './weights.ts';

const stream = () => RandomStream.fromSeed(1, 'init');

describe('Linear', () => {
  it('by hand: [1, 2]·[[1, 2, 3], [4, 5, 6]] + [10, 20, 30] = [19, 32, 45]', async () => {
    const linear = new Linear({ inputs: 2, outputs: 3 }, stream());
    linear.weight.variable.assign(
      tf.tensor2d([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    linear.bias?.variable.assign(tf.tensor1d([10, 20, 30]));
    await expectAllClose(linear.apply(tf.tensor2d([[1, 2]])), [19, 32, 45]);
    linear.dispose();
  });

  it('equals the oracle for one to four dimensions', async () => {
    const linear = new Linear({ inputs: 6, outputs: 3 }, stream());
    randomizeParameters(linear, 2);
    const { weight, bias } = await readWeights<LinearWeights>(linear);
    for (const shape of [[6], [5, 6], [2, 3, 6], [2, 1, 3, 6]]) {
      const { tensor, rows } = normalMatrix(3, shape);
      const y = linear.apply(tensor);
      expect(y.shape).toEqual([...shape.slice(0, -1), 3]);
      await expectAllClose(y, oracle.linear(rows, weight, bias));
    }
    linear.dispose();
  });

  it('has the right gradients for input, kernel and bias behind a batch', async () => {
    const linear = new Linear({ inputs: 4, outputs: 3 }, stream());
    randomizeParameters(linear, 4);
    const x = normalMatrix(5, [2, 3, 4]);
    const dy = normalMatrix(6, [2, 3, 3]);
    const { weight } = await readWeights<LinearWeights>(linear);
    const { grads } = tf.variableGrads(() => linear.apply(x.tensor).mul(dy.tensor).sum() as tf.Scalar);
    const [kernel, bias] = linear.parameters().map(({ variable }) => grads[variable.name] as tf.Tensor);
    const transpose = (m: oracle.Matrix) =>
      oracle.row(m, 0).map((_, j) => m.map((values) => oracle.at(values, j)));
    await expectAllClose(kernel as tf.Tensor, oracle.linear(transpose(x.rows), dy.rows)); // xᵀ·dy
    await expectAllClose(
      bias as tf.Tensor,
      transpose(dy.rows).map((column) => column.reduce((a, b) => a + b, 0)),
    );
    const dx = tf.grad((x) => linear.apply(x))(x.tensor, dy.tensor);
    await expectAllClose(dx, oracle.linear(dy.rows, transpose(weight))); // dy·Wᵀ
    linear.dispose();
  });

  it('does without bias, and starts with a bias of 0', async () => {
    const bare = new Linear({ inputs: 4, outputs: 3, bias: false }, stream());
    expect(bare.parameters().map(({ name }) => name)).toEqual(['weight']);
    await expectAllClose(bare.apply(tf.zeros([2, 4])), [0, 0, 0, 0, 0, 0]);
    const full = new Linear({ inputs: 4, outputs: 3 }, stream());
    await expectAllClose(full.bias?.variable as tf.Tensor, [0, 0, 0]);
    bare.dispose();
    full.dispose();
  });

  it('names both shapes when they do not fit', () => {
    const linear = new Linear({ inputs: 4, outputs: 3 }, stream());
    expect(() => linear.apply(tf.zeros([2, 5]))).toThrow(UserError);
    expect(() => linear.apply(tf.zeros([2, 5]))).toThrow('must have shape […, 4], got [2, 5]');
    expect(() => linear.apply(tf.scalar(1))).toThrow('must have shape […, 4], got []');
    linear.dispose();
  });
});

describe('Mlp', () => {
  it('equals linear, gelu, linear', async () => {
    const mlp = new Mlp({ width: 4, hidden: 7 }, stream());
    randomizeParameters(mlp, 7);
    type Weights = { expand: LinearWeights; contract: LinearWeights };
    const { expand, contract } = await readWeights<Weights>(mlp);
    const { tensor, rows } = normalMatrix(8, [2, 3, 4]);
    const hidden = oracle.linear(rows, expand.weight, expand.bias).map((values) => values.map(oracle.gelu));
    const y = mlp.apply(tensor);
    expect(y.shape).toEqual([2, 3, 4]);
    await expectAllClose(y, oracle.linear(hidden, contract.weight, contract.bias), tolerance(3)); // two products in a row
    await expectGradientsMatch((x) => mlp.apply(x as tf.Tensor), [tensor]);
    mlp.dispose();
  });

  it('takes another activation', async () => {
    const mlp = new Mlp({ width: 2, hidden: 2, activation: (x) => tf.square(x) }, stream());
    for (const { name, variable } of mlp.parameters()) {
      variable.assign(name.endsWith('weight') ? tf.eye(2) : tf.zeros([2]));
    }
    await expectAllClose(mlp.apply(tf.tensor2d([[3, -2]])), [9, 4]);
    mlp.dispose();
  });
});

describe('Embedding', () => {
  it('looks up any shape of indices, and refuses floats', async () => {
    const embedding = new Embedding({ rows: 5, width: 3 }, stream());
    const table = nest(await embedding.table.data(), [5, 3]) as oracle.Matrix;
    const y = embedding.apply(
      tf.tensor2d(
        [
          [4, 0],
          [1, 1],
        ],
        [2, 2],
        'int32',
      ),
    );
    expect(y.shape).toEqual([2, 2, 3]);
    await expectAllClose(
      y,
      [4, 0, 1, 1].map((index) => oracle.row(table, index)),
    );
    expect(() => embedding.apply(tf.tensor1d([1, 2]))).toThrow(/int32, got float32/);
    embedding.dispose();
  });
});

describe('every layer', () => {
  const layers = {
    Linear: () => new Linear({ inputs: 4, outputs: 4 }, stream()),
    LayerNorm: () => new LayerNorm(4, 1e-5, stream()),
    Mlp: () => new Mlp({ width: 4, hidden: 8 }, stream()),
  };

  it('lists its parameters in order, with what decays', () => {
    const listed = Object.entries({
      ...layers,
      Embedding: () => new Embedding({ rows: 5, width: 3 }, stream()),
    }).map(([name, create]) => {
      const layer = create();
      const parameters = layer.parameters().map((p) => `${p.name}${p.decay ? ' decays' : ''}`);
      const count = countParameters(layer);
      layer.dispose();
      return [name, parameters, count];
    });
    expect(listed).toEqual([
      ['Linear', ['weight decays', 'bias'], 20],
      ['LayerNorm', ['gain', 'bias'], 8],
      ['Mlp', ['expand.weight decays', 'expand.bias', 'contract.weight decays', 'contract.bias'], 76],
      ['Embedding', ['weight decays'], 15],
    ]);
  });

  it.each(Object.entries(layers))(
    '%s frees all it made, and disposes twice without harm',
    async (_, create) => {
      await expectNoLeak(() => {
        const layer = create();
        const x = tf.ones([2, 3, 4]);
        layer.apply(x).dispose();
        const { value, grads } = tf.variableGrads(
          () => layer.apply(x).sum() as tf.Scalar,
          layer.parameters().map(({ variable }) => variable),
        );
        tf.dispose([value, ...Object.values(grads), x]);
        layer.dispose();
        layer.dispose();
      });
    },
  );

  it('starts from the same weights for the same seed, bit for bit', async () => {
    const [a, b] = [layers.Mlp(), layers.Mlp()];
    for (const [i, { variable }] of a.parameters().entries()) {
      expect(await variable.data()).toEqual(await b.parameters()[i]?.variable.data());
    }
    a.dispose();
    b.dispose();
  });
});
