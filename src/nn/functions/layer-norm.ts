import * as tf from '@tensorflow/tfjs';
import { hasNativeKernel } from '../../native/kernels.ts';
import { nativeLayerNorm } from './native.ts';
import { sumRows } from './sum-rows.ts';
import { withGradient } from './with-gradient.ts';

/**
 * Layer normalisation over the last axis (Ba et al. 2016): y = (x − μ) / √(σ² + ε) ⊙ gain + bias, with the biased variance
 * σ² = mean((x − μ)²) and ε inside the root.
 *
 * @param x [.., D]
 * @param gain [D]
 * @param bias [D]
 * @param epsilon PyTorch 1e-5, BERT 1e-12, tf.layers 1e-3
 * @returns [.., D]
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  if (hasNativeKernel('TfjsMethodsLayerNorm')) return nativeLayerNorm(x, gain, bias, epsilon);
  return withGradient(
    [x, gain, bias],
    () => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centred), -1, true); // [.., 1]
      const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon)); // [.., 1]
      const normalized = tf.mul(centred, inverseDeviation);
      const value = tf.add(tf.mul(normalized, gain), bias);
      return { value, saved: [normalized, inverseDeviation, gain] };
    },
    (dy, saved) => layerNormGradient(dy, saved as [tf.Tensor, tf.Tensor, tf.Tensor]),
  );
}

/** With n the normalised x and δ = dy ⊙ gain: dx = (δ − mean(δ) − n ⊙ mean(δ ⊙ n)) / √(σ² + ε). */
function layerNormGradient(
  dy: tf.Tensor,
  [normalized, inverseDeviation, gain]: [tf.Tensor, tf.Tensor, tf.Tensor],
): tf.Tensor[] {
  const dGain = sumRows(tf.mul(dy, normalized));
  const dBias = sumRows(dy);
  const delta = tf.mul(dy, gain);
  const alongMean = tf.mean(delta, -1, true);
  const alongNormalized = tf.mul(normalized, tf.mean(tf.mul(delta, normalized), -1, true));
  const dx = tf.mul(tf.sub(tf.sub(delta, alongMean), alongNormalized), inverseDeviation);
  return [dx, dGain, dBias];
}
