import * as tf from '@tensorflow/tfjs';

/** What a hand-written forward pass returns: its value, and the tensors that the backward pass needs. */
export interface Forward<Value extends tf.Tensor> {
  readonly value: Value;
  readonly saved: tf.Tensor[];
}

/**
 * A function with a hand-written gradient: `tf.customGrad` with types, and with `save` called for the author.
 *
 * @param inputs the tensors to differentiate by
 * @param forward computes the value; its operations are not on the tape
 * @param backward gets dL/dvalue and the saved tensors, returns dL/dinput for each input, in order
 */
export function withGradient<Value extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: () => Forward<Value>,
  backward: (gradient: Value, saved: tf.Tensor[]) => tf.Tensor[],
): Value {
  const differentiable = tf.customGrad<Value>((...args) => {
    const save = args.at(-1) as tf.GradSaveFunc;
    const { value, saved } = forward();
    save(saved);
    return { value, gradFunc: (gradient: Value, kept: tf.Tensor[]) => backward(gradient, kept) };
  });
  return tf.tidy(() => differentiable(...inputs));
}
