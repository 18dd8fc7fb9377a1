import * as tf from '@tensorflow/tfjs';

/**
 * Added to the scores of padding, as in BERT's own code: beside it e^score is 0 in float32. Large enough to hide a key, small
 * enough that the scores keep three decimals.
 */
const PADDING_SCORE = -10_000;

/**
 * What attention has to add to the scores of keys that are padding. A sequence of nothing but padding attends to all of it.
 *
 * @param padding [B, T], 1 for padding, 0 for tokens
 * @returns [B, 1, 1, T]
 */
export function paddingBias(padding: tf.Tensor2D): tf.Tensor4D {
  const [batch, length] = padding.shape;
  return tf.tidy(() => tf.mul(tf.cast(padding, 'float32'), PADDING_SCORE).reshape([batch, 1, 1, length]));
}
