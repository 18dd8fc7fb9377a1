import type * as tf from '@tensorflow/tfjs';
import { hasNativeKernel, type NativeAttributes, runInPlaceKernel } from '../../src/native/kernels.ts';
import type { GroupScalars, Slots } from '../../src/optimizers/index.ts';
import type { CameOptions } from './config.ts';
import { matrixShape } from './factorization.ts';

/**
 * The update of came-update.ts by a kernel of our own (came.cc, came-vector.cc): in place, so that nothing of the variable's
 * size is allocated. Returns false, with nothing written, where there is no kernel for it: another backend, an addon that is
 * not compiled, or a variable whose matrices do not lie in memory one after the other ('oihw' convolutions).
 */
export function cameNativeUpdate(
  variable: tf.Variable,
  slots: Slots,
  gradient: tf.Tensor,
  scalars: GroupScalars,
  options: CameOptions,
): boolean {
  const matrix = matrixShape(options.factorization, variable.shape);
  const kernel = matrix === undefined ? 'TfjsMethodsCameVector' : 'TfjsMethodsCame';
  const permuted = options.factorization === 'oihw' && variable.rank === 4;
  if (permuted || !hasNativeKernel(kernel)) return false;

  if (matrix === undefined) {
    const { m, v } = slots as Record<'m' | 'v', tf.Variable>;
    runInPlaceKernel(kernel, vectorAttributes(options), [variable, m, v, gradient, scalars.packed()]);
    return true;
  }
  const { m, vr, vc, rr, rc } = slots as Record<'m' | 'vr' | 'vc' | 'rr' | 'rc', tf.Variable>;
  const attributes = matrixAttributes(options, matrix);
  runInPlaceKernel(kernel, attributes, [variable, m, vr, vc, rr, rc, gradient, scalars.packed()]);
  return true;
}

/** 1 − β is computed here, in float64: from a float32 β it would be off by up to 1.7e-4. */
function vectorAttributes(options: CameOptions): NativeAttributes {
  const { beta1, beta2, epsilon1, clipThreshold, nonFinite } = options;
  return {
    one_minus_beta1: 1 - beta1,
    one_minus_beta2: 1 - beta2,
    epsilon1,
    clip_threshold: clipThreshold,
    skip_non_finite: nonFinite === 'skip',
  };
}

function matrixAttributes(options: CameOptions, matrix: readonly number[]): NativeAttributes {
  const [rows, columns] = matrix.slice(-2) as [number, number];
  const batch = matrix.slice(0, -2).reduce((product, size) => product * size, 1);
  const { beta3, epsilon2 } = options;
  return {
    batch: { int: batch },
    rows: { int: rows },
    columns: { int: columns },
    ...vectorAttributes(options),
    one_minus_beta3: 1 - beta3,
    epsilon2,
  };
}
