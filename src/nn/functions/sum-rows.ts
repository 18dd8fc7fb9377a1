import * as tf from '@tensorflow/tfjs';
import { nativeBackend } from '../../native/tensorflow-backend.ts';
import { typeAttribute } from './type-attribute.ts';

/**
 * The sum over all axes but the last: the gradient of what was added to, or multiplied with, every row. Not differentiable.
 *
 * @param x [.., D]
 * @returns [D]
 */
export function sumRows(x: tf.Tensor): tf.Tensor1D {
  if (x.rank === 1) return tf.clone(x as tf.Tensor1D);
  if (tf.getBackend() === 'tensorflow') {
    // Measured at [1024, 512]: 2.5 times as fast as TensorFlow's Sum.
    return nativeBackend().executeSingleOutput(
      'BiasAddGrad',
      [typeAttribute('T', 'float32')],
      [x],
    ) as tf.Tensor1D;
  }
  const leading = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
  return tf.sum(x, leading);
}
