import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CdapeAttention,
  POSITION_ENCODINGS,
  type PositionEncodingName,
  registerCdapeAttention,
} from '../../methods/cdape/index.ts';
import { UserError } from '../../src/errors.ts';
import { expectAllClose, maxDifference, tolerance } from '../support/allclose.ts';
import { RandomNumbers } from '../support/random-numbers.ts';
import { expectNoLeak } from '../support/tensors.ts';

const [B, T, D] = [3, 6, 8];

beforeAll(() => {
  registerCdapeAttention();
  registerCdapeAttention();
});

/** As a user of tf.layers writes it. */
function create(options: Partial<ConstructorParameters<typeof CdapeAttention>[0]> = {}, maskZero = false) {
  const model = tf.sequential();
  model.add(tf.layers.embedding({ inputDim: 11, outputDim: D, inputLength: T, maskZero, name: 'tokens' }));
  model.add(new CdapeAttention({ heads: 2, hiddenWidth: 4, name: 'cdape', ...options }));
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

describe('CdapeAttention', () => {
  it('has weights that tf.layers knows, and the shape of its input', () => {
    const model = create();
    const layer = model.getLayer('cdape') as CdapeAttention;
    expect(layer.outputShape).toEqual([null, T, D]);
    expect(layer.weights.map(({ name, shape }) => [name.replace(/_\d+$/, ''), shape])).toEqual([
      ['cdape/queryKeyValue.weight', [D, 3 * D]],
      ['cdape/queryKeyValue.bias', [3 * D]],
      ['cdape/output.weight', [D, D]],
      ['cdape/output.bias', [D]],
      ['cdape/scores.kernel1', [1, 3, 4, 4]],
      ['cdape/scores.bias1', [4]],
      ['cdape/scores.kernel2', [1, 3, 4, 2]],
      ['cdape/scores.bias2', [2]],
      ['cdape/scores.bias.p', [2, 1, 1]],
      ['cdape/scores.bias.a', [2, 1, 1]],
    ]);
    expect(layer.countParams()).toBe(24 * 8 + 24 + 64 + 8 + 48 + 4 + 24 + 2 + 4);
    model.dispose();
  });

  it('trains with fit, every weight of it', async () => {
    const model = create();
    const layer = model.getLayer('cdape');
    model.compile({ optimizer: tf.train.sgd(0.5), loss: tf.losses.softmaxCrossEntropy });
    const before = layer.getWeights().map((weight) => tf.clone(weight));
    const y = tf.oneHot(tokens(2), 11);
    const { history } = await model.fit(tokens(1), y, { epochs: 20, batchSize: B, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] as number));
    for (const [i, weight] of layer.getWeights().entries()) {
      if (layer.weights[i]?.name.includes('bias2')) continue; // the same for all keys of a row: softmax does not see it
      expect(await maxDifference(weight, before[i] as tf.Tensor), layer.weights[i]?.name).toBeGreaterThan(0);
    }
    model.dispose();
  });

  it.each(POSITION_ENCODINGS)('comes back from JSON and weights the same, %s', async (encoding) => {
    if (encoding === 'learned' || encoding === 'sinusoidal') {
      expect(() => create({ encoding })).toThrow(
        `'${encoding}' is added to the tokens before the first layer`,
      );
      return;
    }
    const model = create({ encoding, residual: 'addResidual', seed: 5, kernelSize: 5, trainingLength: 4 });
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const json = JSON.parse(JSON.stringify(saved?.modelTopology)) as object;
    const loaded = await tf.loadLayersModel(tf.io.fromMemory({ ...saved, modelTopology: json }));
    expect((loaded.getLayer('cdape') as CdapeAttention).config).toEqual(
      (model.getLayer('cdape') as CdapeAttention).config,
    );
    expect(await predict(loaded, tokens(3)).data()).toEqual(await predict(model, tokens(3)).data());
    for (const each of [model, loaded]) each.dispose();
  });

  it('starts from its seed and name', async () => {
    const weights = async (options: object) => {
      const layer = new CdapeAttention({ heads: 2, name: 'one', ...options });
      layer.apply(tf.zeros([1, T, D]));
      const [kernel] = layer.getWeights() as [tf.Tensor];
      const values = Array.from(await kernel.data());
      layer.dispose();
      return values;
    };
    expect(await weights({ seed: 1 })).toEqual(await weights({ seed: 1 }));
    expect(await weights({ seed: 1 })).not.toEqual(await weights({ seed: 2 }));
    expect(await weights({ seed: 1 })).not.toEqual(await weights({ seed: 1, name: 'two' }));
  });

  it.each<[string, boolean, PositionEncodingName, number[]]>([
    ['behind, causal', true, 'cdape-kerple', [3, 1, 4, 1, 0, 0]],
    ['behind, both directions', false, 'cdape-kerple', [3, 1, 4, 1, 0, 0]],
    // In front, f would see the border of the map two keys further away.
    ['in front, causal', true, 'kerple', [0, 0, 3, 1, 4, 1]],
    ['in front, both directions', false, 'kerple', [0, 0, 3, 1, 4, 1]],
  ])('what is padded equals what is not: %s', async (_, causal, encoding, padded) => {
    const options = { causal, encoding, prefixConsistent: true };
    const model = create(options, true);
    const alone = tf.sequential();
    alone.add(tf.layers.embedding({ inputDim: 11, outputDim: D, inputLength: 4 }));
    alone.add(new CdapeAttention({ heads: 2, hiddenWidth: 4, ...options }));
    alone.add(tf.layers.dense({ units: 11 }));
    alone.setWeights(model.getWeights().map((weight) => tf.mul(weight, 3)));
    model.setWeights(alone.getWeights());
    const start = padded.findIndex((token) => token !== 0);
    const x = tf.tensor2d([padded, [5, 6, 7, 8, 9, 10]], [2, T], 'int32');
    const ofPadded = predict(model, x).slice([0, start, 0], [1, 4, 11]);
    const ofAlone = predict(alone, tf.tensor2d([padded.slice(start, start + 4)], [1, 4], 'int32'));
    await expectAllClose(ofPadded, ofAlone, tolerance(10));
    for (const each of [model, alone]) each.dispose();
  });

  it('passes the mask on, and hides masked keys', async () => {
    const model = create({ encoding: 'alibi' }, true);
    const [a, b] = [
      [3, 1, 4, 0, 5, 9],
      [3, 1, 4, 0, 5, 2],
    ].map((row) => predict(model, tf.tensor2d([row], [1, T], 'int32')).slice([0, 0, 0], [1, 5, 11]));
    expect(await maxDifference(a as tf.Tensor, b as tf.Tensor)).toBe(0);
    const layer = model.getLayer('cdape');
    const mask = tf.tensor2d([1, 0], [1, 2], 'bool');
    expect(layer.computeMask(tf.zeros([1, 2, D]), mask)).toBe(mask);
    model.dispose();
  });

  it('by blocks of queries predicts the same', async () => {
    const [whole, blocks] = [create(), create({ queryBlock: 2 })];
    blocks.setWeights(whole.getWeights());
    await expectAllClose(predict(blocks, tokens(4)), predict(whole, tokens(4)), { rtol: 1e-5, atol: 1e-5 });
    for (const each of [whole, blocks]) each.dispose();
  });

  it('refuses by name what does not fit, and leaves nothing behind', async () => {
    expect(() => create({ heads: 3 })).toThrow(UserError);
    expect(() => create({ heads: 3 })).toThrow('3 heads do not divide the width 8');
    expect(() => create({ kernelSize: 2 })).toThrow('kernelSize must be odd');
    expect(() => create({ encoding: 'kerpel' as 'kerple' })).toThrow('Did you mean kerple');
    const x = tokens(5);
    await expectNoLeak(() => {
      const model = create();
      predict(model, x).dispose();
      model.dispose();
    });
  });
});
