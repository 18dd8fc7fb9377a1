import * as tf from '@tensorflow/tfjs';
import { scoreMaps } from '../../methods/cdape/index.ts';
import { recallSequence } from '../../src/data/associative-recall.ts';
import type { LanguageModel } from '../../src/nn/index.ts';
import { RandomStream } from '../../src/random/index.ts';
import type { RecallConfig } from './config.ts';
import type { HeadExample, RecallExample } from './result.ts';

/** The last query's row of the last layer's score maps, for a sequence of `ceilingPairs`. */
export async function lookAtExample(
  model: LanguageModel,
  config: RecallConfig,
  seed: number,
): Promise<RecallExample> {
  const { keys, ceilingPairs, layers } = config;
  const stream = RandomStream.fromSeed(seed, 'recall example');
  const { tokens, match } = recallSequence(config, ceilingPairs, stream);
  const batch = tf.tensor2d(tokens, [1, tokens.length], 'int32');
  const heads: HeadExample[] = [];
  for (let head = 0; head < config.heads; head++) {
    const maps = scoreMaps(model, batch, { layer: layers - 1, head });
    heads.push({ before: await lastRow(maps.before), after: await lastRow(maps.after) });
    tf.dispose({ ...maps });
  }
  batch.dispose();
  const name = (token: number) => (token < keys ? `k${token}` : `v${token - keys}`);
  const names = [...tokens].map((token, at) => name(token) + (at === tokens.length - 1 ? '?' : ''));
  return { tokens: names, match, heads };
}

/** Of [T, T]. */
async function lastRow(map: tf.Tensor2D): Promise<number[]> {
  const values = await map.data();
  return [...values.subarray(values.length - map.shape[1])];
}
