/**
 * Kerple, logarithmic variant. Chi, Fan, Ramadge, Rudnicky, NeurIPS 2022, arXiv 2205.09921.
 *
 *   P = −pₕ·ln(1 + aₕ·D),   pₕ, aₕ ≥ 0.01, trained
 *
 * D [Tq, Tk] = max(i − j, 0), in both directions |i − j|; p, a [H, 1, 1], at first U(0, 2) and U(0, 1). The bounds are a projection: each call first writes
 * max(·, 0.01) back into the variables, so that their gradients at the bound are not cut off.
 */
import * as tf from '@tensorflow/tfjs';
import { createParameter, type ParameterOwner } from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { keyDistances } from '../key-distances.ts';
import { checkHeads, type PositionBias } from '../position-bias.ts';
import { uniform } from '../uniform.ts';

const SMALLEST = 0.01;

/** P [H, Tq, Tk]. Both parameters are subject to weight decay, as in the authors' code of CDAPE. */
export function kerple(heads: number, stream: RandomStream): PositionBias & ParameterOwner {
  const p = createParameter('p', [heads, 1, 1], uniform(0, 2), stream, true);
  const a = createParameter('a', [heads, 1, 1], uniform(0, 1), stream, true);
  const bias: PositionBias = (context) => {
    checkHeads('Kerple', heads, context);
    return tf.tidy(() => {
      for (const { variable } of [p, a]) variable.assign(tf.maximum(variable, SMALLEST));
      const growth = tf.log1p(tf.mul(a.variable, keyDistances(context))); // ln(1 + aD) [H, Tq, Tk]
      return tf.mul(tf.neg(p.variable), growth) as tf.Tensor3D;
    });
  };
  return Object.assign(bias, {
    parameters: () => [p, a],
    dispose: () => {
      for (const { variable } of [p, a]) variable.dispose();
    },
  });
}
