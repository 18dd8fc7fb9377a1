import type * as tf from '@tensorflow/tfjs';
import { hasNativeKernel, type NativeAttributes, runInPlaceKernel } from '../../src/native/kernels.ts';
import type { StepScalars, VariableUpdate } from '../../src/optimizers/index.ts';
import { type CameOptions, variableOptions } from './config.ts';
import { matrixShape } from './factorization.ts';

const MATRIX_KERNEL = 'TfjsMethodsCame';
const VECTOR_KERNEL = 'TfjsMethodsCameVector';

/**
 * The step of came-update.ts by kernels of our own (came.cc, came-vector.cc), each for all its variables at once: in place, so
 * that nothing of a variable's size is allocated. Returns the updates that are left to do: all of them where the kernels are
 * not to be had (another backend, an addon that is not compiled), and variables without confidence or whose matrices do not lie
 * in memory one after the other ('oihw' convolutions).
 */
export function cameNativeUpdate(
  updates: readonly VariableUpdate[],
  scalars: StepScalars,
  options: CameOptions,
): readonly VariableUpdate[] {
  if (!hasNativeKernel(MATRIX_KERNEL) || !hasNativeKernel(VECTOR_KERNEL)) return updates;
  const left: VariableUpdate[] = [];
  const matrices: { update: VariableUpdate; shape: readonly number[] }[] = [];
  const vectors: VariableUpdate[] = [];
  for (const update of updates) {
    const { factorization, confidence } = variableOptions(options, update.settings.rule);
    const shape = matrixShape(factorization, update.variable.shape);
    const permuted = factorization === 'oihw' && update.variable.rank === 4;
    if (shape === undefined) vectors.push(update);
    else if (permuted || !confidence) left.push(update);
    else matrices.push({ update, shape });
  }
  if (matrices.length > 0) updateMatrices(matrices, scalars, options);
  if (vectors.length > 0) updateVectors(vectors, scalars, options);
  return left;
}

function updateMatrices(
  matrices: readonly { readonly update: VariableUpdate; readonly shape: readonly number[] }[],
  scalars: StepScalars,
  options: CameOptions,
): void {
  const attributes: NativeAttributes = {
    batches: { int: matrices.map(({ shape }) => shape.slice(0, -2).reduce((size, each) => size * each, 1)) },
    rows: { int: matrices.map(({ shape }) => shape.at(-2) as number) },
    columns: { int: matrices.map(({ shape }) => shape.at(-1) as number) },
    groups: { int: matrices.map(({ update }) => update.group) },
    ...sharedAttributes(options),
    one_minus_beta3: 1 - options.beta3,
    epsilon2: options.epsilon2,
  };
  const rows = matrices.map(({ update: { variable, slots, gradient } }) => {
    const { m, vr, vc, rr, rc } = slots as Record<'m' | 'vr' | 'vc' | 'rr' | 'rc', tf.Variable>;
    return [variable, m, vr, vc, rr, rc, gradient];
  });
  runInPlaceKernel(MATRIX_KERNEL, attributes, rows, [scalars.rows, scalars.gradientScale()]);
}

function updateVectors(vectors: readonly VariableUpdate[], scalars: StepScalars, options: CameOptions): void {
  const attributes: NativeAttributes = {
    sizes: { int: vectors.map(({ variable }) => variable.size) },
    groups: { int: vectors.map(({ group }) => group) },
    ...sharedAttributes(options),
  };
  const rows = vectors.map(({ variable, slots, gradient }) => {
    const { m, v } = slots as Record<'m' | 'v', tf.Variable>;
    return [variable, m, v, gradient];
  });
  runInPlaceKernel(VECTOR_KERNEL, attributes, rows, [scalars.rows, scalars.gradientScale()]);
}

/** 1 − β is computed here, in float64: from a float32 β it would be off by up to 1.7e-4. */
function sharedAttributes(options: CameOptions): NativeAttributes {
  const { beta1, beta2, epsilon1, clipThreshold, nonFinite } = options;
  return {
    one_minus_beta1: 1 - beta1,
    one_minus_beta2: 1 - beta2,
    epsilon1,
    clip_threshold: clipThreshold,
    skip_non_finite: nonFinite === 'skip',
  };
}
