import * as tf from '@tensorflow/tfjs';
import { nativeBackend } from '../../native/tensorflow-backend.ts';
import { typeAttribute } from './type-attribute.ts';

export interface RowLosses {
  /** −log softmax(logits)[label], [N]. */
  readonly losses: tf.Tensor1D;
  /** Of each loss by its row of logits: softmax(logits) − one-hot(label), [N, V]. */
  readonly gradient: tf.Tensor2D;
}

/**
 * The cross-entropy of each row and its gradient at once. Not differentiable itself: `crossEntropy` is.
 *
 * @param logits [N, V]
 * @param labels int32 [N], each in [0, V)
 */
export function sparseSoftmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): RowLosses {
  return tf.getBackend() === 'tensorflow' ? fused(logits, labels) : composed(logits, labels);
}

/** TensorFlow's own kernel, which TensorFlow.js does not offer. */
function fused(logits: tf.Tensor2D, labels: tf.Tensor1D): RowLosses {
  const [losses, gradient] = nativeBackend().executeMultipleOutputs(
    'SparseSoftmaxCrossEntropyWithLogits',
    [typeAttribute('T', 'float32'), typeAttribute('Tlabels', 'int32')],
    [logits, labels],
    2,
  );
  return { losses: losses as tf.Tensor1D, gradient: gradient as tf.Tensor2D };
}

function composed(logits: tf.Tensor2D, labels: tf.Tensor1D): RowLosses {
  return tf.tidy(() => {
    const shifted = tf.sub(logits, tf.max(logits, -1, true)); // so that exp cannot overflow
    const exponential = tf.exp(shifted);
    const total = tf.sum(exponential, -1, true); // [N, 1]
    // Not oneHot(…, 'float32'): the wasm kernel writes integers whatever the dtype.
    const target = tf.cast(tf.oneHot(labels, logits.shape[1]), 'float32');
    const losses = tf.sub(tf.log(total.squeeze([1])), tf.sum(tf.mul(shifted, target), -1));
    const gradient = tf.sub(tf.div(exponential, total), target);
    return { losses: losses as tf.Tensor1D, gradient: gradient as tf.Tensor2D };
  });
}
