import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import type { AttentionMaps, LanguageModel } from '../../src/nn/index.ts';
import type { PositionBias } from './position-bias.ts';

/** The maps of one layer and head; the caller owns them. Later keys are not masked, but for `weights`. */
export interface ScoreMaps {
  /** S [T, T] */
  readonly scores: tf.Tensor2D;
  /** S + P [T, T]: what the base encoding alone would give. S where there is no bias that stands for itself. */
  readonly before: tf.Tensor2D;
  /** A [T, T]: after f, or whatever the encoding does. */
  readonly after: tf.Tensor2D;
  /** softmax(A) over the keys that a query sees, [T, T]. */
  readonly weights: tf.Tensor2D;
}

export interface ScoreMapsOptions {
  /** From 0. */
  readonly layer: number;
  /** From 0. */
  readonly head: number;
}

/**
 * What one head of a model makes of a sequence.
 *
 * @param tokens int32 [1, T]
 * @throws UserError for a layer or head that the model has not, or more than one sequence
 */
export function scoreMaps(
  model: LanguageModel,
  tokens: tf.Tensor2D,
  { layer, head }: ScoreMapsOptions,
): ScoreMaps {
  const { layers, heads } = model.config;
  checkIndex('layer', layer, layers);
  checkIndex('head', head, heads);
  if (tokens.shape[0] !== 1) throw new UserError(`scoreMaps: give it one sequence, got ${tokens.shape[0]}.`);
  let maps: ScoreMaps | undefined;
  const observe = (seen: AttentionMaps) => {
    if (seen.context.layer === layer) maps = mapsOf(seen, head);
  };
  model.logits(tokens, { observe }).dispose();
  return maps as ScoreMaps; // each layer has called `observe` once
}

/** Kept. */
function mapsOf({ process, context, scores, processed, weights }: AttentionMaps, head: number): ScoreMaps {
  const { queryLength, keyLength } = context;
  const size = [queryLength, keyLength] as [number, number];
  const ofHead = (map: tf.Tensor4D): tf.Tensor2D => map.slice([0, head, 0, 0], [1, 1, ...size]).reshape(size);
  const raw = ofHead(scores);
  const bias = (process as { bias?: PositionBias } | undefined)?.bias?.(context);
  const before = bias ? tf.add(raw, bias.slice([head, 0, 0], [1, ...size]).reshape(size)) : tf.clone(raw);
  const maps = {
    scores: raw,
    before: before as tf.Tensor2D,
    after: ofHead(processed),
    weights: ofHead(weights),
  };
  for (const map of Object.values(maps)) tf.keep(map);
  return maps;
}

function checkIndex(name: string, index: number, count: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= count)
    throw new UserError(`scoreMaps: the model has ${name}s 0 to ${count - 1}, not ${index}.`);
}
