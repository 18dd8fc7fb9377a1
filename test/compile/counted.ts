import * as tf from '@tensorflow/tfjs';
import { type CompileOptions, compile } from '../../src/compile/index.ts';

/** Compiles and counts how often the function itself runs. */
export function counted<A extends unknown[], R>(fn: (...args: A) => R, options?: CompileOptions) {
  const runs = { count: 0 };
  const compiled = compile((...args: A): R => {
    runs.count++;
    return fn(...args);
  }, options);
  return Object.assign(compiled, { runs });
}

/** Without leaving its initial tensor behind. */
export function variable(value: number | number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(value)));
}

/** The value of a scalar, which is disposed. */
export function take(tensor: tf.Tensor): number {
  const [value] = tensor.dataSync();
  tensor.dispose();
  return value as number;
}
