import * as tf from '@tensorflow/tfjs';
import { sumRows } from './sum-rows.ts';
import { withGradient } from './with-gradient.ts';

/**
 * xW + b.
 *
 * @param x [N, in]
 * @param weight [in, out]
 * @param bias [out], or none
 * @returns [N, out]
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>(
    bias ? [x, weight, bias] : [x, weight],
    () => {
      const product: tf.Tensor2D = tf.matMul(x, weight);
      return { value: bias ? tf.add(product, bias) : product, saved: [x, weight] };
    },
    (dy, [x, weight]) => {
      const dx = tf.matMul(dy, weight as tf.Tensor2D, false, true);
      const dWeight = tf.matMul(x as tf.Tensor2D, dy, true, false);
      return bias ? [dx, dWeight, sumRows(dy)] : [dx, dWeight];
    },
  );
}
