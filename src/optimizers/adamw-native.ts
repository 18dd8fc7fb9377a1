import type * as tf from '@tensorflow/tfjs';
import { hasNativeKernel, runInPlaceKernel } from '../native/kernels.ts';
import type { AdamWOptions } from './adamw.ts';
import type { VariableUpdate } from './optimizer.ts';
import type { StepScalars } from './step-scalars.ts';

const KERNEL = 'TfjsMethodsAdamw';

/**
 * The step of adamw-update.ts for all variables at once by a kernel of our own (adamw.cc), in place. Returns the updates that
 * are left to do: all of them where the kernel is not to be had (another backend, an addon that is not compiled).
 */
export function adamwNativeUpdate(
  updates: readonly VariableUpdate[],
  scalars: StepScalars,
  { beta1, beta2, epsilon }: AdamWOptions,
): readonly VariableUpdate[] {
  if (updates.length === 0 || !hasNativeKernel(KERNEL)) return updates;
  const attributes = {
    sizes: { int: updates.map(({ variable }) => variable.size) },
    groups: { int: updates.map(({ group }) => group) },
    // 1 − β in float64: from a float32 β it would be off by up to 1e-5.
    one_minus_beta1: 1 - beta1,
    one_minus_beta2: 1 - beta2,
    epsilon,
  };
  const rows = updates.map(({ variable, slots, gradient }) => {
    const { m, v } = slots as Record<'m' | 'v', tf.Variable>;
    return [variable, m, v, gradient];
  });
  runInPlaceKernel(KERNEL, attributes, rows, [scalars.rows, scalars.gradientScale()]);
  return [];
}
