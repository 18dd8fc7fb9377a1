import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { clipScale, globalNorm } from '../optimizers/index.ts';

export interface ClippedGradients {
  /** New tensors under the names of the gradients given. */
  readonly gradients: tf.NamedTensorMap;
  /** ‖g‖₂ over all elements of all gradients, before clipping. */
  readonly norm: tf.Scalar;
}

/**
 * Scales all gradients by maxNorm / max(‖g‖₂, maxNorm), as TensorFlow's `clip_by_global_norm`; PyTorch's `clip_grad_norm_` differs by
 * an ε of 1e-6 added to the norm. (Pascanu et al. 2013, Algorithm 1.) Nothing is read back to JavaScript, so that it can run within `compile`.
 *
 * A gradient that is not finite makes the norm so: then all gradients are NaN where the norm is NaN, and 0 or NaN where it is ∞. The
 * training loop stops at either. A finite gradient above 1.8e19 overflows float32 when squared, and counts as ∞.
 *
 * The caller owns what is returned; arguments are not disposed.
 * @throws UserError unless maxNorm is positive and finite
 */
export function clipByGlobalNorm(gradients: tf.NamedTensorMap, maxNorm: number): ClippedGradients {
  if (!(maxNorm > 0 && Number.isFinite(maxNorm))) {
    throw new UserError(`The largest gradient norm must be a positive number, got ${maxNorm}.`);
  }
  // The norm travels under a name that no variable has: TensorFlow.js names are never empty.
  const { '': norm, ...clipped } = tf.tidy(() => {
    const globalL2 = globalNorm(gradients);
    const scale = clipScale(globalL2, maxNorm);
    const scaled = Object.entries(gradients).map(
      ([name, gradient]) => [name, tf.mul(gradient, scale)] as const,
    );
    return { ...Object.fromEntries(scaled), '': globalL2 } as tf.NamedTensorMap;
  });
  return { gradients: clipped as tf.NamedTensorMap, norm: norm as tf.Scalar };
}
