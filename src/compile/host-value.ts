import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { currentRecording } from './recording-state.ts';

/** Values that JavaScript computes for a compiled function: float32 from any numbers, int32 from whole ones. */
export type HostValues = Float32Array | Int32Array | readonly number[];

/**
 * A tensor whose values JavaScript computes, at every call of a compiled function too: a learning rate, a seed, a step count.
 * Outside `compile` it is a plain tensor of `compute()`. Inside, `compute` becomes an input of the graph and is called again
 * before every replay, all of them in the order of the recording. So side effects (`++step`, a draw from a random stream)
 * belong inside `compute`, and `compute` may not read what was worked out around it for one call only.
 *
 * @param shape as of any tensor; `compute` must return that many values every time.
 * @throws UserError when it does not.
 */
export function hostTensor<R extends tf.Rank>(
  compute: () => HostValues,
  shape: tf.ShapeMap[R],
  dtype: 'float32' | 'int32' = 'float32',
): tf.Tensor<R> {
  const size = tf.util.sizeFromShape(shape);
  const values = (): Float32Array | Int32Array => {
    const computed = compute();
    if (computed.length !== size) {
      throw new UserError(
        `hostTensor: shape [${shape}] needs ${size} values, compute() gave ${computed.length}.`,
      );
    }
    return dtype === 'int32' ? Int32Array.from(computed) : Float32Array.from(computed);
  };
  const recording = currentRecording();
  const tensor = tf.tensor<R>(recording?.hostValues(values) ?? values(), shape, dtype);
  recording?.hostInput(tensor, values);
  return tensor;
}

/** `hostTensor` of one number. */
export function hostScalar(compute: () => number, dtype: 'float32' | 'int32' = 'float32'): tf.Scalar {
  return hostTensor<tf.Rank.R0>(() => [compute()], [], dtype);
}
