import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  EfficientBertMlp,
  type EfficientBertMlpOptions,
  ffnParameters,
  parseExpression,
  registerEfficientBertMlp,
} from '../../methods/efficient-bert/index.ts';
import { compile } from '../../src/compile/index.ts';
import { UserError } from '../../src/errors.ts';
import { type Ffn, stack } from '../oracle/efficient-bert/ffn.ts';
import { expectAllClose, maxDifference, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';
import { FOUND } from './fixtures.ts';

const [B, T, H] = [3, 5, 12];
/** The one of the issue: the maximum with its tanh, twice, at half the width. */
const EXPRESSION = FOUND[3];

beforeAll(() => {
  registerEfficientBertMlp();
  registerEfficientBertMlp();
});

/** As a user of tf.layers writes it. */
function create(options: Partial<EfficientBertMlpOptions> = {}, maskZero = false) {
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: 11, outputDim: H, inputLength: T, maskZero, name: 'tokens' }));
  model.add(new EfficientBertMlp({ expression: EXPRESSION, name: 'mlp', ...options }));
  model.add(tf.layers.dense({ units: 11, name: 'head' }));
  return model;
}

const tokens = (seed: number) =>
  tf.tensor2d(
    new RandomNumbers(seed).integers(B * T, 10).map((token) => token + 1),
    [B, T],
    'int32',
  );
const predict = (model: tf.LayersModel, x: tf.Tensor) => model.predict(x) as tf.Tensor;

describe('EfficientBertMlp', () => {
  it('has weights that tf.layers knows, and the shape of its input', () => {
    const model = create();
    const layer = model.getLayer('mlp') as EfficientBertMlp;
    expect(layer.outputShape).toEqual([null, T, H]);
    const one = (i: number): [string, number[]][] => [
      [`mlp/ffns.${i}.expand.weight`, [H, H / 2]],
      [`mlp/ffns.${i}.expand.bias`, [H / 2]],
      [`mlp/ffns.${i}.contract.weight`, [H / 2, H]],
      [`mlp/ffns.${i}.contract.bias`, [H]],
      [`mlp/ffns.${i}.norm.gain`, [H]],
      [`mlp/ffns.${i}.norm.bias`, [H]],
    ];
    expect(layer.weights.map(({ name, shape }) => [name.replace(/_\d+$/, ''), shape])).toEqual([
      ...one(0),
      ...one(1),
    ]);
    expect(layer.countParams()).toBe(ffnParameters(H, H / 2, 2));
    model.dispose();
  });

  it.each(FOUND)('equals the oracle, eager and compiled: %s', async (expression) => {
    const layer = new EfficientBertMlp({
      expression: parseExpression(expression),
      hidden: 2 * H,
      widthRule: 'max',
    });
    const rows = new RandomNumbers(2).normals(B * H);
    const x = tf.tensor2d(rows, [B, H]);
    layer.apply(x);
    const random = new RandomNumbers(3);
    layer.setWeights(layer.getWeights().map(({ shape, size }) => tf.tensor(random.normals(size), shape)));
    const weights = await Promise.all(layer.getWeights().map((weight) => weight.array()));
    const ffns = Array.from({ length: weights.length / 6 }, (_, i) => ffnOf(weights.slice(6 * i, 6 * i + 6)));
    const k = ffns.length;
    const e = (ffns[0] as Ffn).expand.bias?.length as number;
    const matrix = Array.from({ length: B }, (_, row) => Array.from(rows.slice(row * H, (row + 1) * H)));
    const expected = stack(expression, matrix, ffns, { k, e, mode: 'max' }).flat();
    // Up to four networks in a row, each two products and a division by a deviation.
    await expectAllClose(layer.apply(x) as tf.Tensor, expected, tolerance(20));
    const compiled = compile((u: tf.Tensor) => layer.apply(u) as tf.Tensor);
    for (let call = 0; call < 4; call++) await expectAllClose(compiled(x), expected, tolerance(20)); // from the third on a graph
    compiled.dispose();
    layer.dispose();
  });

  it('trains with fit, every weight of it, with dropout', async () => {
    const model = create({ dropout: 0.1 });
    const layer = model.getLayer('mlp');
    model.compile({ optimizer: tf.train.sgd(0.5), loss: tf.losses.softmaxCrossEntropy });
    const before = layer.getWeights().map((weight) => tf.clone(weight));
    const x = tokens(1);
    const y = tf.oneHot(x, 11);
    const { history } = await model.fit(x, y, { epochs: 30, batchSize: B, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    for (const [i, weight] of layer.getWeights().entries())
      expect(await maxDifference(weight, before[i] as tf.Tensor), layer.weights[i]?.name).toBeGreaterThan(0);
    model.dispose();
  });

  it('drops while training only, by its seed', async () => {
    const make = (seed: number) =>
      new EfficientBertMlp({ expression: EXPRESSION, dropout: 0.5, seed, name: 'one' });
    const x = tf.tensor2d(new RandomNumbers(4).normals(B * H), [B, H]);
    const trained = async (layer: EfficientBertMlp) =>
      (layer.apply(x, { training: true }) as tf.Tensor).data();
    const [a, b, c] = [make(1), make(1), make(2)];
    const [first, same] = [await trained(a), await trained(b)];
    expect(first).toEqual(same);
    expect(await trained(a)).not.toEqual(first);
    c.apply(x);
    c.setWeights(a.getWeights());
    expect(await trained(c)).not.toEqual(first);
    expect(await maxDifference(a.apply(x) as tf.Tensor, c.apply(x) as tf.Tensor)).toBe(0);
    for (const layer of [a, b, c]) layer.dispose();
  });

  it.each<[string, Partial<EfficientBertMlpOptions>]>([
    ...FOUND.map((expression): [string, Partial<EfficientBertMlpOptions>] => [expression, { expression }]),
    [
      'anonymous, all settings',
      {
        expression: 'linear(leaky_relu(mul(linear(x,wb1),x)),wb2)',
        hidden: 16,
        stackedFfn: 3,
        expansionRatio: 0.875,
        widthRule: 'max',
        epsilon: 1e-3,
        dropout: 0.2,
        seed: 5,
      },
    ],
  ])('comes back from JSON and weights the same: %s', async (_, options) => {
    const model = create(options);
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const json = JSON.parse(JSON.stringify(saved?.modelTopology)) as object;
    const loaded = await tf.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology: json }));
    const { config } = model.getLayer('mlp') as EfficientBertMlp;
    expect((loaded.getLayer('mlp') as EfficientBertMlp).config).toEqual(config);
    expect(config).toMatchObject(options);
    expect(await predict(loaded, tokens(3)).data()).toEqual(await predict(model, tokens(3)).data());
    for (const each of [model, loaded]) each.dispose();
  });

  it('is made again from its config, with the same initial weights', async () => {
    const layer = new EfficientBertMlp({ expression: EXPRESSION, seed: 3, name: 'one' });
    const again = EfficientBertMlp.fromConfig<EfficientBertMlp>(EfficientBertMlp, layer.getConfig());
    expect(again.getConfig()).toEqual(layer.getConfig());
    const other = new EfficientBertMlp({ expression: EXPRESSION, seed: 4, name: 'one' });
    const x = tf.tensor2d(new RandomNumbers(5).normals(B * H), [B, H]);
    const [a, b, c] = [layer, again, other].map((each) => each.apply(x) as tf.Tensor) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    expect(await maxDifference(a, b)).toBe(0);
    expect(await maxDifference(a, c)).toBeGreaterThan(0);
    for (const each of [layer, again, other]) each.dispose();
  });

  it('passes a mask on', () => {
    const layer = new EfficientBertMlp({ expression: EXPRESSION });
    const mask = tf.tensor2d([1, 0], [1, 2], 'bool');
    expect(layer.computeMask(tf.zeros([1, 2, H]), mask)).toBe(mask);
  });

  it('refuses by name what does not fit, and leaves nothing behind', async () => {
    expect(() => create({ expression: 'linear1_1(gelu(x' })).toThrow(UserError);
    expect(() => create({ expression: 'linear1_1(gelu(x' })).toThrow(/column 17/);
    expect(() => create({ expression: 'linear1_1(gelu(x),wb1)' })).toThrow('is not legal');
    expect(() => create({ stackedFfn: 3 })).toThrow('stackedFfn is 3, but linear2_2 says 2');
    expect(() => create({ dropout: 1 })).toThrow('The dropout rate must be at least 0 and less than 1');
    expect(() => new EfficientBertMlp({ expression: EXPRESSION }).build([null, null])).toThrow(
      'with H known',
    );
    const x = tokens(6);
    await expectNoLeak(() => {
      const model = create();
      predict(model, x).dispose();
      model.dispose();
    });
  });
});

/** The six weights of one network, in the order of the layer. */
function ffnOf(weights: readonly unknown[]): Ffn {
  const [w1, b1, w2, b2, gain, bias] = weights;
  return {
    expand: { weight: w1, bias: b1 },
    contract: { weight: w2, bias: b2 },
    norm: { gain, bias },
  } as Ffn;
}
