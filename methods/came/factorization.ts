/**
 * Which matrices a variable is seen as. The rule factors the last two axes and takes the others as a batch. For a
 * convolution that is another algorithm in TensorFlow.js (kernels [h, w, in, out]) than in PyTorch ([out, in, h, w]).
 */
import * as tf from '@tensorflow/tfjs';

/**
 * last2: the last two axes as they lie here (the literal rule). merge: [all but the last, last], one matrix.
 * none: not factored, without confidence, for sides of 1 or 2 where factors save nothing. oihw: convolution kernels permuted
 * to PyTorch's order first, to repeat a run of the authors' code; other ranks as last2.
 */
export type Factorization = 'last2' | 'merge' | 'none' | 'oihw';

export const FACTORIZATIONS: readonly Factorization[] = ['last2', 'merge', 'none', 'oihw'];

/** [..., n, m] of the factored moments; undefined where the variable is not factored (rank 0 or 1, or 'none'). */
export function matrixShape(factorization: Factorization, shape: readonly number[]): number[] | undefined {
  if (shape.length < 2 || factorization === 'none') return undefined;
  if (factorization === 'merge') {
    return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1) as number];
  }
  if (isOihw(factorization, shape)) return [3, 2, 0, 1].map((axis) => shape[axis] as number);
  return [...shape];
}

/** The tensor as matrices [..., n, m]: `x` itself where nothing is to be done, else a new tensor, the caller's. */
export function toMatrices(factorization: Factorization, x: tf.Tensor): tf.Tensor {
  if (factorization === 'merge' && x.rank > 2) return tf.reshape(x, [-1, x.shape.at(-1) as number]);
  return isOihw(factorization, x.shape) ? tf.transpose(x, [3, 2, 0, 1]) : x;
}

/** Undoes `toMatrices` for a variable of this shape, in the same way. */
export function fromMatrices(
  factorization: Factorization,
  x: tf.Tensor,
  shape: readonly number[],
): tf.Tensor {
  if (factorization === 'merge' && shape.length > 2) return tf.reshape(x, [...shape]);
  return isOihw(factorization, shape) ? tf.transpose(x, [2, 3, 1, 0]) : x;
}

function isOihw(factorization: Factorization, shape: readonly number[]): boolean {
  return factorization === 'oihw' && shape.length === 4;
}
