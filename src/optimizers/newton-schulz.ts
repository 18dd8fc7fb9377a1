/**
 * Orthogonalization by the Newton–Schulz iteration with the coefficients of Keller Jordan et al., Muon (2024),
 * kellerjordan.github.io/posts/muon; KellerJordan/Muon@00ba60d muon.py, there in bfloat16, here in float32.
 *
 *   X₀ = G/(‖G‖ + 1e-7)                                       Frobenius norm
 *   Xₖ₊₁ = aXₖ + (bA + cA²)Xₖ,   A = XₖXₖᵀ                     a = 3.4445, b = −4.7750, c = 2.0315
 *
 * It takes the singular values of G to about 1, between 0.7 and 1.2, and leaves the singular vectors as they are.
 */
import * as tf from '@tensorflow/tfjs';
import { meanOfAll } from './blocked-mean.ts';
import { release } from './release.ts';

const A = 3.4445;
const B = -4.775;
const C = 2.0315;
/** ε, added to the norm. */
const EPSILON = 1e-7;

/**
 * X after `steps` iterations, of the shape of `gradient` [n, m]. Takes the argument over and disposes it; the caller owns the
 * result. With n > m the same is computed from the other side, X(bA + cA²) with A = XᵀX, so that A is the smaller of the two.
 * Alive at any time, the argument included: at most three tensors of its size, or it and three of the size of A.
 */
export function orthogonalize(gradient: tf.Tensor2D, steps: number): tf.Tensor2D {
  const [rows, columns] = gradient.shape;
  const tall = rows > columns;
  return tf.tidy(() => {
    let x: tf.Tensor2D = release(tf.div(gradient, tf.add(frobeniusNorm(gradient), EPSILON)), gradient);
    for (let k = 0; k < steps; k++) {
      const gram: tf.Tensor2D = tf.matMul(x, x, tall, !tall); // A
      const gramSquared = tf.matMul(gram, gram);
      const scaledSquare = release(tf.mul(gramSquared, C), gramSquared);
      const scaledGram = release(tf.mul(gram, B), gram);
      const polynomial: tf.Tensor2D = release(tf.add(scaledGram, scaledSquare), scaledGram, scaledSquare); // bA + cA²
      const change = release(tall ? tf.matMul(x, polynomial) : tf.matMul(polynomial, x), polynomial);
      const scaled = release(tf.mul(x, A), x);
      x = release(tf.add(scaled, change), scaled, change);
    }
    return x;
  });
}

function frobeniusNorm(x: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const squared = tf.square(x);
    return tf.sqrt(tf.mul(release(meanOfAll(squared), squared), x.size));
  });
}
