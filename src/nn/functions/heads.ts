import * as tf from '@tensorflow/tfjs';
import { hasNativeKernel } from '../../native/kernels.ts';
import { nativeMergeHeads, nativeSplitHeads } from './native-heads.ts';

/** Queries (scaled), keys and values, each [B, H, T, d]. */
export type Heads = [queries: tf.Tensor4D, keys: tf.Tensor4D, values: tf.Tensor4D];

/**
 * Cuts the projection of an attention layer into heads, and scales the queries: fewer numbers than the scores.
 *
 * @param rows [B·T, 3·H·d]: queries, keys and values in that order, each head by head
 * @param batch B
 * @param heads H
 * @param scale of the queries; 1/√d in attention
 */
export function splitHeads(rows: tf.Tensor2D, batch: number, heads: number, scale: number): Heads {
  if (hasNativeKernel('TfjsMethodsSplitHeads')) return nativeSplitHeads(rows, batch, heads, scale);
  return tf.tidy(() => {
    const length = rows.shape[0] / batch;
    const depth = rows.shape[1] / (3 * heads);
    const split = rows.reshape([batch, length, 3 * heads, depth]).transpose([0, 2, 1, 3]);
    const [queries, keys, values] = tf.split(split as tf.Tensor4D, 3, 1) as Heads;
    return [tf.mul(queries, scale), keys, values];
  });
}

/** Puts the heads of a position side by side: [B, H, T, d] → [B·T, H·d]. */
export function mergeHeads(x: tf.Tensor4D): tf.Tensor2D {
  if (hasNativeKernel('TfjsMethodsMergeHeads')) return nativeMergeHeads(x);
  const [batch, heads, length, depth] = x.shape;
  return tf.tidy(() => x.transpose([0, 2, 1, 3]).reshape([batch * length, heads * depth]) as tf.Tensor2D);
}
