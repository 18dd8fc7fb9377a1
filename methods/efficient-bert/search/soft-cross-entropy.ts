import * as tf from '@tensorflow/tfjs';

/**
 * The distillation loss on predictions: −mean over B and C of softmax(zᵀ/τ) · log softmax(zˢ/τ). So it is 1/C of the
 * ordinary one, without its τ².
 *
 * @param student zˢ [B, C]
 * @param teacher zᵀ [B, C], from outside of what is differentiated
 * @returns a scalar
 */
export function softCrossEntropy(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature = 1): tf.Scalar {
  return tf.tidy(() => {
    const target = tf.softmax(tf.div(teacher, temperature));
    const logProbabilities = tf.logSoftmax(tf.div(student, temperature));
    return tf.neg(tf.mean(tf.mul(target, logProbabilities)));
  });
}
