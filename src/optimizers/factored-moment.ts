/** A second moment kept as means of rows and of columns: V = r cᵀ/mean(r), for batches of matrices [..., n, m]. */
import * as tf from '@tensorflow/tfjs';
import { meanOfAll, meanOverAxis } from './blocked-mean.ts';
import { release } from './release.ts';

/**
 * x/√V of `x` [..., n, m], `row` r [..., n], `column` c [..., m], as (x·ρ)·κ with ρ = √mean(r)/√r [..., n, 1] and κ = 1/√c
 * [..., 1, m]. In this order, and with two roots in place of the root of r/mean(r), float32 neither overflows nor divides by
 * zero for rows that are all zero. The caller owns the result; arguments are not disposed.
 */
export function divideByFactoredRoot(x: tf.Tensor, row: tf.Tensor, column: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const rootMean = tf.expandDims(tf.sqrt(meanOverAxis(row, -1)), -1); // [..., 1]
    const rowFactor = tf.expandDims(tf.mul(tf.rsqrt(row), rootMean), -1); // ρ
    const columnFactor = tf.expandDims(tf.rsqrt(column), -2); // κ
    const byRow = tf.mul(x, rowFactor);
    return release(tf.mul(byRow, columnFactor), byRow);
  });
}

/** RMS over all elements: [...] → []. The caller owns it; the argument is not disposed. */
export function rootMeanSquare(x: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const squared = tf.square(x);
    return tf.sqrt(release(meanOfAll(squared), squared)) as tf.Scalar;
  });
}

/** u / max(1, RMS(u)/d). d = Infinity leaves u as it is. The caller owns the result; the argument is not disposed. */
export function clipByRms(update: tf.Tensor, threshold: number): tf.Tensor {
  return tf.tidy(() => tf.div(update, tf.maximum(tf.div(rootMeanSquare(update), threshold), 1)));
}
