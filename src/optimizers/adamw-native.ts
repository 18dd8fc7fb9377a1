import type * as tf from '@tensorflow/tfjs';
import { hasNativeKernel, runInPlaceKernel } from '../native/kernels.ts';
import type { AdamWOptions } from './adamw.ts';
import type { Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';

const KERNEL = 'TfjsMethodsAdamw';

/**
 * The update of adamw-update.ts by a kernel of our own (adamw.cc), in place. Returns false, with nothing written, where the
 * kernel is not to be had: another backend, or an addon that is not compiled.
 */
export function adamwNativeUpdate(
  variable: tf.Variable,
  slots: Slots,
  gradient: tf.Tensor,
  scalars: GroupScalars,
  { beta1, beta2, epsilon }: AdamWOptions,
): boolean {
  if (!hasNativeKernel(KERNEL)) return false;
  const { m, v } = slots as { m: tf.Variable; v: tf.Variable };
  // 1 − β in float64: from a float32 β it would be off by up to 1e-5.
  const attributes = { one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2, epsilon };
  runInPlaceKernel(KERNEL, attributes, [variable, m, v, gradient, scalars.packed()]);
  return true;
}
