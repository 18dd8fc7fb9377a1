import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { type Optimizer, registerAll } from '../../src/optimizers/index.ts';

/** Of this seed, so that a loss that falls falls in every run. */
const seeded = () => tf.initializers.glorotUniform({ seed: 3 });

const MODELS: Readonly<Record<string, { inputs: readonly number[]; layers: () => tf.layers.Layer[] }>> = {
  dense: {
    inputs: [16, 3],
    layers: () => [
      tf.layers.dense({ units: 4, inputShape: [3], kernelInitializer: seeded() }),
      tf.layers.dense({ units: 1, kernelInitializer: seeded() }),
    ],
  },
  convolution: {
    inputs: [8, 5, 5, 2],
    layers: () => [
      tf.layers.conv2d({ filters: 3, kernelSize: 2, inputShape: [5, 5, 2], kernelInitializer: seeded() }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 1, kernelInitializer: seeded() }),
    ],
  },
  embedding: {
    inputs: [16, 4],
    layers: () => [
      tf.layers.embedding({ inputDim: 12, outputDim: 3, inputLength: 4, embeddingsInitializer: seeded() }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 1, kernelInitializer: seeded() }),
    ],
  },
};

/**
 * `model.compile` and `fit` with the optimizer; then a saved and loaded model, whose variables have new names, continues with
 * the losses and weights of the first to the last bit.
 */
export function servesLayers(name: string, make: () => Optimizer): void {
  it.each(Object.keys(MODELS))(`${name} trains a tfjs-layers model, saved and loaded: %s`, async (kind) => {
    registerAll();
    const tensors = tf.memory().numTensors;
    const { inputs, layers } = MODELS[kind] as (typeof MODELS)[string];
    const x = tf.tidy(() => {
      const random = tf.randomUniform([...inputs], 0, 6, 'float32', 1);
      // Of the embedding's twelve rows, six never come.
      return kind === 'embedding' ? tf.floor(random) : random;
    });
    const y = tf.randomNormal([inputs[0] as number, 1], 0, 1, 'float32', 2);
    const model = tf.sequential({ layers: layers() });
    const optimizer = make();
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const trained = (net: tf.LayersModel) => net.fit(x, y, { epochs: 3, verbose: 0, shuffle: false });
    const { history } = await trained(model);
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number);

    let saved: tf.io.ModelArtifacts | undefined;
    const keep = tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    });
    await model.save(keep, { includeOptimizer: true });
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    expect(loaded.optimizer).toBeInstanceOf(optimizer.constructor);
    expect(loaded.optimizer.getConfig()).toEqual(optimizer.getConfig());
    expect(loaded.weights.map(({ name }) => name)).not.toEqual(model.weights.map(({ name }) => name));
    const [one, two] = [await trained(model), await trained(loaded)];
    expect(two.history.loss).toEqual(one.history.loss);
    for (const [k, weight] of loaded.getWeights().entries())
      expect(await weight.data()).toEqual(await model.getWeights()[k]?.data());
    expect(loaded.optimizer.iterations).toBe(optimizer.iterations);

    optimizer.dispose();
    loaded.optimizer.dispose();
    model.dispose();
    loaded.dispose();
    tf.dispose([x, y]);
    expect(tf.memory().numTensors).toBe(tensors);
  });
}
