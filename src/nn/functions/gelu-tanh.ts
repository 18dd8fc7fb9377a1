import * as tf from '@tensorflow/tfjs';
import { withGradient } from './with-gradient.ts';

const SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * The tanh approximation of GELU (Hendrycks and Gimpel 2016), that of GPT-2 and of BERT's first code:
 * x·(1 + tanh u)/2, u = √(2/π)·(x + 0.044715·x³).
 */
export function geluTanh<T extends tf.Tensor>(x: T): T {
  return withGradient<T>(
    [x],
    () => {
      // u factored as x·(√(2/π) + √(2/π)·0.044715·x²).
      const factor = tf.add(tf.mul(tf.square(x), SQRT_TWO_OVER_PI * CUBIC), SQRT_TWO_OVER_PI);
      const tanh = tf.tanh(tf.mul(x, factor));
      return { value: tf.mul(x, tf.add(tf.mul(tanh, 0.5), 0.5)), saved: [x, tanh] };
    },
    (dy, [input, tanh]) => {
      const x = input as tf.Tensor;
      const t = tanh as tf.Tensor;
      // d/dx = (1 + t)/2 + x·(1 − t²)·u′/2, with u′/2 = √(2/π)·(1 + 3·0.044715·x²)/2.
      const halfSlope = tf.add(tf.mul(tf.square(x), 1.5 * SQRT_TWO_OVER_PI * CUBIC), 0.5 * SQRT_TWO_OVER_PI);
      const curved = tf.mul(tf.mul(x, halfSlope), tf.sub(1, tf.square(t)));
      return [tf.mul(dy, tf.add(tf.add(tf.mul(t, 0.5), 0.5), curved))];
    },
  );
}
