/**
 * Means in two levels. The wasm and webgpu backends add up in float32 one element after the other: the mean of 10⁶ equal
 * values is then off by 3e-3, and by 2e-6 when sums of blocks are added.
 */
import * as tf from '@tensorflow/tfjs';

/** Axes up to this length are summed in one go: the error stays below 2048 · 6e-8 / 4 ≈ 3e-5 at the very worst. */
const LONGEST_BLOCK = 2048;

/** Mean over one axis, which is dropped: [..., k, ...] → [..., ...]. The argument is not disposed. */
export function meanOverAxis(x: tf.Tensor, axis: number): tf.Tensor {
  const at = axis < 0 ? x.rank + axis : axis;
  const length = x.shape[at] as number;
  return tf.tidy(() => {
    const blocks = length > LONGEST_BLOCK ? largestDivisorUpToRoot(length) : 1;
    if (blocks === 1) return tf.div(tf.sum(x, at), length);
    const inBlocks = [...x.shape.slice(0, at), blocks, length / blocks, ...x.shape.slice(at + 1)];
    return tf.div(tf.sum(tf.sum(tf.reshape(x, inBlocks), at + 1), at), length);
  });
}

/** Mean over all elements: [...] → []. */
export function meanOfAll(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    if (x.rank === 0) return tf.clone(x);
    const rows = meanOverAxis(x, -1); // [...]
    return rows.rank === 0 ? rows : meanOverAxis(tf.reshape(rows, [rows.size]), 0);
  });
}

/** 1 for a prime: such an axis is summed in one go. */
function largestDivisorUpToRoot(length: number): number {
  let divisor = Math.floor(Math.sqrt(length));
  while (length % divisor !== 0) divisor--;
  return divisor;
}
