/**
 * Randomized positions for RoPE. Ruoss et al., ACL 2023, arXiv 2305.16843.
 *
 *   p = T distinct integers drawn from 0 … Lmax − 1, in ascending order
 *
 * Each layer draws its own, one draw for all sequences and heads, at every training step. So angles up to Lmax are seen in
 * training on short sequences. In evaluation the draw depends on the layer and the length alone, so that it can be repeated;
 * with a cache the length is its capacity.
 */
import { UserError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random/index.ts';
import type { RopePositions } from './rope.ts';

/**
 * @param maxLength Lmax, at least the longest sequence
 * @param stream of the draws in training
 * @throws UserError, when called, for a sequence longer than Lmax
 */
export function randomizedPositions(maxLength: number, stream: RandomStream): RopePositions {
  return (length, { training, first, layer = 0, cache }) => {
    const whole = cache?.capacity ?? length;
    if (whole > maxLength) {
      throw new UserError(
        `Randomized positions: a sequence of ${whole} tokens needs as many distinct positions, but maxLength is ${maxLength}.`,
      );
    }
    if (training) return () => drawPositions(length, maxLength, stream);
    const all = drawPositions(whole, maxLength, RandomStream.fromSeed(layer, `positions of ${whole}`));
    const chosen = all.slice(first, first + length);
    return () => chosen;
  };
}

/** `count` distinct integers from 0 … bound − 1, each set equally likely, in ascending order. Floyd's algorithm. */
export function drawPositions(count: number, bound: number, stream: RandomStream): number[] {
  const drawn = new Set<number>();
  for (let last = bound - count; last < bound; last++) {
    const position = stream.integer(last + 1);
    drawn.add(drawn.has(position) ? last : position);
  }
  return [...drawn].sort((a, b) => a - b);
}
