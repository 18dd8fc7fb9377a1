import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { CAME } from '../../methods/came/index.ts';
import { useBackend } from '../../src/backends/index.ts';
import { AdamW, register } from '../../src/optimizers/index.ts';

beforeAll(async () => {
  await useBackend('js');
  register(CAME, AdamW);
});

it.each([
  ['CAME', () => new CAME({ learningRate: 1e-3, clipThreshold: Number.POSITIVE_INFINITY })],
  ['AdamW', () => new AdamW()],
])(
  'G22: %s serves a tfjs-layers model, and a saved one continues bit for bit under new names',
  async (_name, make) => {
    const tensors = tf.memory().numTensors;
    const [x, y] = [
      tf.randomNormal([16, 3], 0, 1, 'float32', 1),
      tf.randomNormal([16, 1], 0, 1, 'float32', 2),
    ];
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 4, inputShape: [3] }), tf.layers.dense({ units: 1 })],
    });
    const optimizer = make();
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const trained = (net: tf.LayersModel) => net.fit(x, y, { epochs: 2, verbose: 0, shuffle: false });
    await trained(model);

    let saved: tf.io.ModelArtifacts | undefined;
    const keep = tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    });
    await model.save(keep, { includeOptimizer: true });
    const held = tf.memory().numTensors;
    await model.save(keep, { includeOptimizer: true });
    expect(tf.memory().numTensors).toBe(held);

    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    expect(loaded.weights.map(({ name }) => name)).not.toEqual(model.weights.map(({ name }) => name));
    const [one, two] = [await trained(model), await trained(loaded)];
    expect(two.history.loss).toEqual(one.history.loss);
    expect(loaded.optimizer.iterations).toBe(optimizer.iterations);

    optimizer.dispose();
    loaded.optimizer.dispose();
    model.dispose();
    loaded.dispose();
    tf.dispose([x, y]);
    expect(tf.memory().numTensors).toBe(tensors);
  },
);
