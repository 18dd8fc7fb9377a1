/**
 * ALiBi: Attention with Linear Biases. Press, Smith, Lewis, ICLR 2022, arXiv 2108.12409.
 *
 *   P = −mₕ·D,   mₕ = 2^(−8(h+1)/n), h = 0 … n − 1, for n heads, n a power of two
 *
 * For other n: the slopes of the largest power of two m < n, then every other slope of 2m, from its first, until there are n.
 * D [Tq, Tk] = max(i − j, 0). Nothing is trained.
 */
import * as tf from '@tensorflow/tfjs';
import { keyDistances } from './key-distances.ts';
import { checkContext, type PositionBias } from './position-bias.ts';

/** P [H, Tq, Tk] */
export function alibi(heads: number): PositionBias {
  const slopes = alibiSlopes(heads);
  return (context) => {
    checkContext('ALiBi', heads, context);
    return tf.tidy(() => {
      const negative = tf.tensor3d(
        slopes.map((slope) => -slope),
        [heads, 1, 1],
      );
      return tf.mul(negative, keyDistances(context)) as tf.Tensor3D;
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
