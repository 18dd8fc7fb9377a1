/**
 * FIRE: Functional Interpolation for Relative Position Encoding. Li et al., ICLR 2024, arXiv 2310.04418, as in the authors' code
 * of CDAPE (the constant 1e-6, the activation).
 *
 *   x = ln(|c·D| + 1) / (ln(|c·max(i, L)| + 1) + 1e-6),   L = |μ·L₀|
 *   P = W₂ᵀ·φ(W₁ᵀ·x + b₁) + b₂                            an MLP 1 → w → H, φ LeakyReLU
 *
 * D [Tq, Tk] = max(i − j, 0); i [Tq, 1] the position of the query. In both directions D = |i − j|, and the largest D of the row
 * takes the place of i. Trained: c (at first 0.1), μ (1), W₁ [1, w], b₁ [w], W₂ [w, H],
 * b₂ [H] (PyTorch's default). L₀ is a constant, half the training length there.
 */
import * as tf from '@tensorflow/tfjs';
import { createParameter, type ParameterOwner } from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { keyDistances, largestDistances, type Positions } from '../key-distances.ts';
import { checkHeads, type PositionBias } from '../position-bias.ts';
import { fanInUniform } from '../uniform.ts';

export interface FireOptions {
  /** H */
  readonly heads: number;
  /** L₀: rows of earlier queries are normalised as if they stood here. */
  readonly threshold: number;
  /** w. Default 32. */
  readonly width?: number;
  /** Of φ for negative input. Default 0.01, as under CDAPE; 0 is ReLU, as in plain FIRE. */
  readonly slope?: number;
}

/** P [H, Tq, Tk] */
export function fire(options: FireOptions, stream: RandomStream): PositionBias & ParameterOwner {
  const { heads, threshold, width = 32, slope = 0.01 } = options;
  const c = createParameter('c', [], () => Float32Array.of(0.1), stream, true);
  const multiplier = createParameter('multiplier', [], () => Float32Array.of(1), stream, true); // μ
  const weight1 = createParameter('weight1', [1, width], fanInUniform(1), stream, true);
  const bias1 = createParameter('bias1', [width], fanInUniform(1), stream, false);
  const weight2 = createParameter('weight2', [width, heads], fanInUniform(width), stream, true);
  const bias2 = createParameter('bias2', [heads], fanInUniform(width), stream, false);
  const own = [c, multiplier, weight1, bias1, weight2, bias2];

  const bias: PositionBias = (context) => {
    checkHeads('FIRE', heads, context);
    const { queryLength, keyLength } = context;
    return tf.tidy(() => {
      const limit = tf.abs(tf.mul(multiplier.variable, threshold)) as tf.Scalar; // L
      const x = normalizedDistances(context, c.variable as tf.Scalar, limit).reshape([1, -1]); // [1, Tq·Tk]
      const inner = tf.matMul(weight1.variable as tf.Tensor2D, x as tf.Tensor2D, true, false); // [w, Tq·Tk]
      const hidden = tf.leakyRelu(tf.add(inner, bias1.variable.reshape([width, 1])), slope) as tf.Tensor2D;
      const outer = tf.matMul(weight2.variable as tf.Tensor2D, hidden, true, false); // [H, Tq·Tk]
      return tf.add(outer, bias2.variable.reshape([heads, 1])).reshape([heads, queryLength, keyLength]);
    });
  };
  return Object.assign(bias, {
    parameters: () => own,
    dispose: () => {
      for (const { variable } of own) variable.dispose();
    },
  });
}

/**
 * x [Tq, Tk], in [0, 1].
 *
 * @param limit L
 */
export function normalizedDistances(context: Positions, c: tf.Scalar, limit: tf.Scalar): tf.Tensor2D {
  return tf.tidy(() => {
    const size = (distance: tf.Tensor) => tf.log1p(tf.abs(tf.mul(c, distance))); // ln(|c·distance| + 1)
    const largest = largestDistances(context); // i [Tq, 1]
    // The gradient of tf.maximum is wrong where it broadcasts.
    const reach = tf.maximum(largest, tf.add(tf.zerosLike(largest), limit));
    return tf.div(size(keyDistances(context)), tf.add(size(reach), 1e-6)) as tf.Tensor2D;
  });
}
