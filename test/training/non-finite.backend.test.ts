import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { LanguageModel } from '../../src/nn/index.ts';
import { AdamW } from '../../src/optimizers/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import { findNonFinite } from '../../src/training/non-finite.ts';

describe('what is not finite', () => {
  it('is found by the names of parameters and optimizer state', async () => {
    const model = new LanguageModel(
      { vocabulary: 5, contextLength: 4, width: 4, layers: 1, heads: 1 },
      new RandomStreams(0),
    );
    const optimizer = new AdamW();
    const parameters = model.parameters();
    tf.tidy(() =>
      optimizer.applyGradients(
        Object.fromEntries(parameters.map(({ variable: v }) => [v.name, tf.onesLike(v)])),
      ),
    );
    expect(await findNonFinite(model, optimizer)).toEqual([]);
    const chosen = parameters.find(({ name }) => name === 'blocks.0.mlp.expand.weight');
    tf.tidy(() => chosen?.variable.assign(tf.tensor([Number.NaN, ...Array(63).fill(1)], [4, 16])));
    tf.tidy(() => {
      const gradient = tf.tensor([Number.POSITIVE_INFINITY, 0, 0, 0]);
      const bias = parameters.find(({ name }) => name === 'finalNorm.bias');
      optimizer.applyGradients({ [bias?.variable.name as string]: gradient });
    });
    const before = tf.memory().numTensors;
    const found = await findNonFinite(model, optimizer);
    expect(found).toEqual([
      { name: 'blocks.0.mlp.expand.weight', nonFinite: 1, size: 64 },
      { name: 'finalNorm.bias', nonFinite: 1, size: 4 },
      { name: 'finalNorm.bias/adamw_m', nonFinite: 1, size: 4 },
      { name: 'finalNorm.bias/adamw_v', nonFinite: 1, size: 4 },
    ]);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    optimizer.dispose();
  });
});
