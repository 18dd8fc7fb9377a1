import * as tf from '@tensorflow/tfjs';
import { assertShape } from '../assert-shape.ts';
import { sparseSoftmaxCrossEntropy } from './sparse-softmax-cross-entropy.ts';
import { withGradient } from './with-gradient.ts';

/**
 * Cross-entropy of the labels under softmax(logits), in nats: the mean over rows, or with weights Σ wᵢ·lossᵢ / Σ wᵢ (a masked
 * language model weights the masked positions 1 and all others 0). Where all weights are 0 the loss is 0.
 *
 * @param logits [N, V]
 * @param labels int32 [N], each in [0, V); not checked, since that would need the values on the host
 * @param weights float32 [N], not negative; no gradient flows to them
 * @returns a scalar
 * @throws UserError for shapes that do not match
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, weights?: tf.Tensor1D): tf.Scalar {
  const [rows] = logits.shape;
  assertShape(logits, ['N', 'V'], 'crossEntropy: the logits');
  assertShape(labels, [rows], 'crossEntropy: the labels');
  if (weights) assertShape(weights, [rows], 'crossEntropy: the weights');
  return withGradient<tf.Scalar>(
    [logits],
    () => {
      const { losses, gradient } = sparseSoftmaxCrossEntropy(logits, labels); // [N], [N, V]
      if (!weights) return { value: tf.mean(losses), saved: [tf.div(gradient, rows)] };
      // The smallest normal number stands in for a sum of 0, so that 0/0 gives 0.
      const shares = tf.div(weights, tf.maximum(tf.sum(weights), 1.2e-38)); // [N]
      const value = tf.sum(tf.mul(losses, shares)) as tf.Scalar;
      return { value, saved: [tf.mul(gradient, shares.expandDims(1))] };
    },
    (dy, [gradient]) => [tf.mul(gradient as tf.Tensor, dy)],
  );
}
