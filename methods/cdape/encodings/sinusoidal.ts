/**
 * Sinusoidal absolute positions. Vaswani et al. 2017, section 3.5, the two halves one after the other, as in GPT-NeoX.
 *
 *   x ← x + [sin(p·ω), cos(p·ω)],   ωₘ = 10000^(−2m/D), m = 0 … D/2 − 1
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../../src/errors.ts';
import type { PositionEmbedding } from '../../../src/nn/index.ts';

/** @throws UserError for an odd width */
export function sinusoidal(width: number): PositionEmbedding {
  checkEven('Sinusoidal positions: the width', width);
  return (first, length) => {
    const positions = Array.from({ length }, (_, i) => first + i);
    return tf.tensor2d(sinusoids(positions, width), [length, width]);
  };
}

/** [sin(p·ω), cos(p·ω)] for each p, row-major [positions, D]; computed in float64. */
export function sinusoids(positions: readonly number[], width: number): Float32Array {
  const frequencies = inverseFrequencies(width);
  const half = frequencies.length;
  const values = new Float32Array(positions.length * width);
  for (const [row, position] of positions.entries()) {
    for (const [m, frequency] of frequencies.entries()) {
      values[row * width + m] = Math.sin(position * frequency);
      values[row * width + half + m] = Math.cos(position * frequency);
    }
  }
  return values;
}

/** base^(−2m/d), m = 0 … d/2 − 1 */
export function inverseFrequencies(width: number, base = 10_000): number[] {
  return Array.from({ length: width / 2 }, (_, m) => base ** ((-2 * m) / width));
}

/** @throws UserError for an odd number */
export function checkEven(what: string, size: number): void {
  if (size % 2 !== 0)
    throw new UserError(`${what} must be even, for sines and cosines in pairs; got ${size}.`);
}
