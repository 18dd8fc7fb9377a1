import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';

export interface GradientOf {
  readonly variable: tf.Variable;
  /** Undefined: no gradient reached the variable, which is then left alone: no step, no decay, no state. */
  readonly gradient: tf.Tensor | undefined;
}

type Given = tf.NamedTensorMap | readonly { name: string; tensor?: tf.Tensor | null | undefined }[];

/**
 * The variables that `applyGradients` was called with, checked before anything is written. Throws a UserError for a name
 * that is repeated or unknown, a variable that is not float32, and a gradient of another shape or type.
 */
export function checkGradients(optimizer: string, given: Given): GradientOf[] {
  const seen = new Set<string>();
  const entries = Array.isArray(given)
    ? given
    : Object.entries(given as tf.NamedTensorMap).map(([name, tensor]) => ({ name, tensor }));
  return entries.map(({ name, tensor }) => {
    if (seen.has(name)) throw new UserError(`${optimizer}: the gradient of '${name}' is given twice`);
    seen.add(name);
    const variable = tf.engine().registeredVariables[name];
    if (variable === undefined) {
      throw new UserError(`${optimizer}: no variable is named '${name}'; was it disposed?`);
    }
    if (tensor === undefined || tensor === null) return { variable, gradient: undefined };
    if (variable.dtype !== 'float32') {
      throw new UserError(
        `${optimizer}: variable '${name}' is ${variable.dtype}; only float32 can be trained`,
      );
    }
    if (tensor.dtype !== 'float32' || !tf.util.arraysEqual(tensor.shape, variable.shape)) {
      throw new UserError(
        `${optimizer}: the gradient of '${name}' is ${tensor.dtype} [${tensor.shape}], ` +
          `the variable float32 [${variable.shape}]`,
      );
    }
    return { variable, gradient: tensor };
  });
}

/** Throws where tensors are float16: squared gradients and ε = 1e-30 are zero there. */
export function refuseFloat16(optimizer: string): void {
  if (tf.backend().floatPrecision() === 16) {
    throw new UserError(
      `${optimizer} needs float32, and the backend '${tf.getBackend()}' computes in float16 on this machine; ` +
        'use another backend',
      3,
    );
  }
}
