/**
 * CoPE: Contextual Position Encoding. Golovneva et al. 2024, arXiv 2405.18719.
 *
 *   g = tril(σ(S)),   p[i, j] = min(Σ gₘ over j ≤ m ≤ i, n − 1)       positions count what the query finds worth counting
 *   A = S + u(p),   u = q·E,   between whole positions u(p) is interpolated linearly
 *
 * q [B, H, Tq, d] is not divided by √d; E [d, n], n = 64, is one for all heads of a layer, at first 0. Causal only.
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../../src/errors.ts';
import {
  type AttentionContext,
  createParameter,
  embed,
  type ParameterOwner,
  type ScoreProcessor,
  type ScoreProcessorNeeds,
  zeros,
} from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { visibleKeys } from '../key-distances.ts';

export interface CopeOptions {
  /** d */
  readonly headDim: number;
  /** n. Default 64. */
  readonly positions?: number;
}

/** @throws UserError, when called, for attention in both directions, or heads of another size */
export function cope(
  { headDim, positions = 64 }: CopeOptions,
  stream: RandomStream,
): ScoreProcessor & ParameterOwner & Pick<ScoreProcessorNeeds, 'numbersPerScore'> {
  const table = createParameter('table', [headDim, positions], zeros, stream, true);
  const process: ScoreProcessor = (scores, context) => {
    if (!context.causal)
      throw new UserError('CoPE: positions count back from a query; use it with causal: true.');
    if (context.headDim !== headDim)
      throw new UserError(
        `CoPE: made for heads of ${headDim} numbers, but the attention has ${context.headDim}.`,
      );
    return tf.tidy(() => {
      const place = contextualPositions(scores, context, positions);
      const queries = tf.mul(context.queries, Math.sqrt(headDim)).reshape([-1, headDim]);
      const values: tf.Tensor2D = tf.matMul(
        queries as tf.Tensor2D,
        table.variable as tf.Tensor as tf.Tensor2D,
      ); // u [B·H·Tq, n]
      return tf.add(scores, interpolate(values, place)) as tf.Tensor4D;
    });
  };
  return Object.assign(process, {
    numbersPerScore: 14, // gates, sums, whole positions as floats and as indices, what is looked up, and the sum
    parameters: () => [table],
    dispose: () => table.variable.dispose(),
  });
}

/** p [B, H, Tq, Tk], at most n − 1. */
export function contextualPositions(
  scores: tf.Tensor4D,
  context: Pick<AttentionContext, 'queryLength' | 'keyLength' | 'firstQuery' | 'keyMask'>,
  positions: number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const { keyMask, keyLength } = context;
    const gates = tf.mul(tf.sigmoid(scores), visibleKeys(context));
    const counted = keyMask ? tf.mul(gates, keyMask.reshape([-1, 1, 1, keyLength])) : gates;
    return tf.clipByValue(tf.cumsum(counted, 3, false, true), 0, positions - 1) as tf.Tensor4D;
  });
}

/**
 * u at p, between the whole positions on both sides.
 *
 * @param values u [B·H·Tq, n]
 * @param place p [B, H, Tq, Tk]
 */
export function interpolate(values: tf.Tensor2D, place: tf.Tensor4D): tf.Tensor4D {
  const [rows, positions] = values.shape;
  return tf.tidy(() => {
    const below = tf.floor(place);
    const flat = values.reshape([rows * positions, 1]) as tf.Tensor2D;
    const starts = tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(positions, 'int32'));
    const firstOfRow = starts.reshape([...place.shape.slice(0, 3), 1]); // [B, H, Tq, 1]
    const at = (whole: tf.Tensor) =>
      embed(flat, tf.add(tf.cast(whole, 'int32'), firstOfRow)).reshape(place.shape);
    const lower = at(below);
    const share = tf.sub(place, below);
    return tf.add(lower, tf.mul(tf.sub(at(tf.ceil(place)), lower), share)) as tf.Tensor4D;
  });
}
