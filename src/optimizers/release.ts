import * as tf from '@tensorflow/tfjs';

/**
 * `result`, once the temporaries it was made of are disposed. An update works on tensors as large as the variable; each one
 * that waits for the end of a `tf.tidy` costs as much memory as the momentum.
 */
export function release<T extends tf.Tensor>(result: T, ...used: tf.Tensor[]): T {
  tf.dispose(used);
  return result;
}

/**
 * Exponential moving average βx̄ + (1 − β)x, written x̄ + (1 − β)(x − x̄): 1 − β is computed in float64 and β itself, which
 * float32 would round (0.9999 by 2e-8, at each of 10⁴ steps), is not needed. Any shape. Neither argument is disposed.
 */
export function movingAverage(average: tf.Tensor, value: tf.Tensor, beta: number): tf.Tensor {
  return moveTowards(average, tf.sub(value, average), beta);
}

/** x̄ + (1 − β)·difference; disposes `difference`, which the caller made for this. */
export function moveTowards(average: tf.Tensor, difference: tf.Tensor, beta: number): tf.Tensor {
  const step = release(tf.mul(difference, 1 - beta), difference);
  return release(tf.add(average, step), step);
}
