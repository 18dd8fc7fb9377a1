/**
 * What others have added to CAME, for comparisons; nothing of this is in the paper, and all of it is off by default. (Bias
 * correction, which only scales η, is in `stepScalars`.)
 */
import * as tf from '@tensorflow/tfjs';
import { clipByRms, meanOfAll, movingAverage, release } from '../../src/optimizers/index.ts';
import type { CameOptions } from './config.ts';

/** The mean of the cautious mask counts as this at least, or few weights would take enormous steps. */
const LEAST_SHARE = 1e-3;

/**
 * Sₜ = β₃Sₜ₋₁ + (1 − β₃)((ûₜ − Mₜ)² + ε₂) of an un-factored variable; û − Mₜ = β₁(û − Mₜ₋₁), so that with
 * `change` = Mₜ − Mₜ₋₁ = (1 − β₁)(û − Mₜ₋₁) the residual is change · β₁/(1 − β₁). The caller owns it.
 */
export function vectorInstability(
  instability: tf.Tensor,
  change: tf.Tensor,
  { beta1, beta3, epsilon2 }: Pick<CameOptions, 'beta1' | 'beta3' | 'epsilon2'>,
): tf.Tensor {
  return tf.tidy(() => {
    const residual = tf.mul(change, beta1 / (1 - beta1)); // û − M
    const squared = release(tf.square(residual), residual);
    return movingAverage(instability, release(tf.add(squared, epsilon2), squared), beta3);
  });
}

/** The update as it is applied: clipped by its RMS, then without what opposes the gradient. `update` is disposed. */
export function refineUpdate(
  update: tf.Tensor,
  gradient: tf.Tensor,
  { updateClip, cautious }: Pick<CameOptions, 'updateClip' | 'cautious'>,
): tf.Tensor {
  const clipped = Number.isFinite(updateClip) ? release(clipByRms(update, updateClip), update) : update;
  if (!cautious) return clipped;
  return release(
    tf.tidy(() => {
      const mask = tf.cast(tf.greater(tf.mul(clipped, gradient), 0), 'float32');
      const share = tf.maximum(meanOfAll(mask), LEAST_SHARE);
      return tf.div(tf.mul(clipped, mask), share);
    }),
    clipped,
  );
}
