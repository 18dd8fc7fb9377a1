import * as tf from '@tensorflow/tfjs';
import { meanOfAll } from './blocked-mean.ts';

/**
 * ‖g‖₂ over all elements of all gradients; 0 where there are none. Sums go in two levels, for the wasm and webgpu backends add up
 * in float32 one element after the other. The caller owns the scalar; arguments are not disposed.
 */
export function globalNorm(gradients: tf.NamedTensorMap): tf.Scalar {
  return tf.tidy(() => {
    const sums = Object.values(gradients)
      .filter(({ size }) => size > 0)
      .map((gradient) => tf.tidy(() => tf.mul(meanOfAll(tf.square(gradient)), gradient.size) as tf.Scalar));
    if (sums.length === 0) return tf.scalar(0);
    return tf.sqrt(tf.sum(tf.stack(sums))) as tf.Scalar;
  });
}

/**
 * maxNorm / max(‖g‖₂, maxNorm): what all gradients are scaled by (Pascanu et al. 2013, Algorithm 1). Not read back to
 * JavaScript. NaN where the norm is NaN, 0 where it is ∞. The caller owns the scalar; `norm` is not disposed.
 */
export function clipScale(norm: tf.Scalar, maxNorm: number): tf.Scalar {
  return tf.tidy(() => tf.div(maxNorm, tf.maximum(norm, maxNorm)));
}
