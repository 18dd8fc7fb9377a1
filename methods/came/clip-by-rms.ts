import * as tf from '@tensorflow/tfjs';
import { meanOfAll, release } from '../../src/optimizers/index.ts';

/** u / max(1, RMS(u)/d), with the RMS over all elements. d = Infinity leaves u as it is. The caller owns it. */
export function clipByRms(update: tf.Tensor, threshold: number): tf.Tensor {
  return tf.tidy(() => {
    const squared = tf.square(update);
    const rms = tf.sqrt(release(meanOfAll(squared), squared));
    return tf.div(update, tf.maximum(tf.div(rms, threshold), 1));
  });
}
