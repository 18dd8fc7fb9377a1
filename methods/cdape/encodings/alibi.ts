/**
 * ALiBi: Attention with Linear Biases. Press, Smith, Lewis, ICLR 2022, arXiv 2108.12409.
 *
 *   P = −mₕ·D,   mₕ = 2^(−8(h+1)/n), h = 0 … n − 1, for n heads, n a power of two
 *
 * For other n: the slopes of the largest power of two m < n, then every other slope of 2m, from its first, until there are n.
 * D [Tq, Tk] = max(i − j, 0). Nothing is trained. In both directions D = |i − j|, less ½ at earlier keys, so that left and right
 * differ (as in google-deepmind/randomized_positional_encodings).
 */
import * as tf from '@tensorflow/tfjs';
import { keyDistances, keyOffsets, type Positions } from '../key-distances.ts';
import { checkHeads, type PositionBias } from '../position-bias.ts';

/** P [H, Tq, Tk] */
export function alibi(heads: number): PositionBias {
  const slopes = alibiSlopes(heads);
  return (context) => {
    checkHeads('ALiBi', heads, context);
    return tf.tidy(() => {
      const negative = tf.tensor3d(
        slopes.map((slope) => -slope),
        [heads, 1, 1],
      );
      return tf.mul(negative, context.causal ? keyDistances(context) : twoSided(context)) as tf.Tensor3D;
    });
  };
}

/** mₕ [H] */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const ofPower = (n: number) => Array.from({ length: n }, (_, h) => 2 ** ((-8 * (h + 1)) / n));
  const between = ofPower(2 * power).filter((_, h) => h % 2 === 0);
  return [...ofPower(power), ...between.slice(0, heads - power)];
}

/** |i − j|, less ½ where j < i, [Tq, Tk]. */
function twoSided(context: Positions): tf.Tensor2D {
  const earlier = tf.cast(tf.greater(keyOffsets(context), 0), 'float32');
  return tf.sub(keyDistances(context), tf.mul(0.5, earlier));
}
