import * as tf from '@tensorflow/tfjs';
import { hasNativeKernel } from '../../native/kernels.ts';
import { nativeGelu } from './native.ts';
import { withGradient } from './with-gradient.ts';

const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/**
 * The exact GELU (Hendrycks and Gimpel 2016), PyTorch's default: x·Φ(x), Φ(x) = (1 + erf(x/√2)) / 2. Its derivative is
 * Φ(x) + x·φ(x), φ(x) = exp(−x²/2) / √(2π).
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  if (hasNativeKernel('TfjsMethodsGelu')) return nativeGelu(x);
  return withGradient<T>(
    [x],
    () => {
      const cumulative = tf.add(tf.mul(tf.erf(tf.mul(x, SQRT_HALF)), 0.5), 0.5); // Φ(x)
      return { value: tf.mul(x, cumulative), saved: [x, cumulative] };
    },
    (dy, [input, cumulative]) => {
      const x = input as tf.Tensor;
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), INVERSE_SQRT_TWO_PI); // φ(x)
      return [tf.mul(dy, tf.add(cumulative as tf.Tensor, tf.mul(x, density)))];
    },
  );
}
