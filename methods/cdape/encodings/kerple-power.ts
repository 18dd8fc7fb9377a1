/**
 * Kerple, power variant. Chi, Fan, Ramadge, Rudnicky, NeurIPS 2022, arXiv 2205.09921.
 *
 *   P = −aₕ·D^pₕ,   aₕ ≥ 0.01, 0.01 ≤ pₕ ≤ 2, trained
 *
 * D [Tq, Tk] = max(i − j, 0), in both directions |i − j|; a, p [H, 1, 1], at first U(0, 1) and U(0, 2). The bounds are a
 * projection, as in kerple.ts.
 */
import * as tf from '@tensorflow/tfjs';
import { createParameter, type ParameterOwner } from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { keyDistances } from '../key-distances.ts';
import { checkHeads, type PositionBias } from '../position-bias.ts';
import { uniform } from '../uniform.ts';

const SMALLEST = 0.01;
const LARGEST_POWER = 2;

/** P [H, Tq, Tk] */
export function kerplePower(heads: number, stream: RandomStream): PositionBias & ParameterOwner {
  const p = createParameter('p', [heads, 1, 1], uniform(0, 2), stream, true);
  const a = createParameter('a', [heads, 1, 1], uniform(0, 1), stream, true);
  const bias: PositionBias = (context) => {
    checkHeads('Kerple, power', heads, context);
    return tf.tidy(() => {
      p.variable.assign(tf.clipByValue(p.variable, SMALLEST, LARGEST_POWER));
      a.variable.assign(tf.maximum(a.variable, SMALLEST));
      const distances = keyDistances(context);
      const apart = tf.cast(tf.greater(distances, 0), 'float32');
      // D^p = exp(p·ln D) for D ≥ 1, and 0 at 0, where ln would make the gradient NaN.
      const logarithms = tf.log(tf.add(distances, tf.sub(1, apart)));
      const power = tf.mul(tf.exp(tf.mul(p.variable, logarithms)), apart); // D^p [H, Tq, Tk]
      return tf.mul(tf.neg(a.variable), power) as tf.Tensor3D;
    });
  };
  return Object.assign(bias, {
    parameters: () => [p, a],
    dispose: () => {
      for (const { variable } of [p, a]) variable.dispose();
    },
  });
}
