/**
 * RoPE: Rotary Position Embedding. Su et al. 2021, arXiv 2104.09864.
 *
 *   q′ = R(p)·q,  k′ = R(p)·k,   R(p) turns each pair (x₁, x₂) by θ = p·ωₘ:  x₁cos θ − x₂sin θ,  x₂cos θ + x₁sin θ
 *
 * ωₘ = base^(−2m/d), m = 0 … d/2 − 1. Pair m is (m, m + d/2), as in GPT-NeoX, or (2m, 2m + 1), as in GPT-J. So q′·k′ depends on the
 * positions by their difference alone. Nothing is trained. How longer sequences than those of training are squeezed into the
 * range of angles known is in rope-scaling.ts; random positions are in randomized-positions.ts.
 */
import * as tf from '@tensorflow/tfjs';
import { hostTensor } from '../../../src/compile/index.ts';
import { UserError } from '../../../src/errors.ts';
import type { QueryKeyContext, QueryKeyTransform } from '../../../src/nn/index.ts';
import { type RopeScaling, unscaled } from './rope-scaling.ts';
import { checkEven } from './sinusoidal.ts';

/** Which numbers of a head make a pair. */
export type RopePairing = 'halves' | 'interleaved';

export interface RopeOptions {
  /** d, even. */
  readonly headDim: number;
  /** Default 10000. */
  readonly base?: number;
  /** Default `halves`. */
  readonly pairing?: RopePairing;
  /** For sequences longer than `trainingLength`. Default none. */
  readonly scaling?: RopeScaling;
  /** Default: of any length; then nothing is scaled. */
  readonly trainingLength?: number;
  /** Where the tokens stand. Default first, first + 1, … */
  readonly positions?: RopePositions;
}

/** Positions of `length` tokens, computed anew at each call, compiled or not, of what it returns. */
export type RopePositions = (length: number, context: QueryKeyContext) => () => readonly number[];

/** @throws UserError for an odd headDim; when called, for heads of another size */
export function rope(options: RopeOptions): QueryKeyTransform {
  const { headDim, base = 10_000, pairing = 'halves', scaling = unscaled } = options;
  const { trainingLength = Number.POSITIVE_INFINITY, positions = inOrder } = options;
  checkEven('RoPE: the width of a head', headDim);
  return (queries, keys, context) => {
    const [, , length, depth] = queries.shape;
    if (depth !== headDim)
      throw new UserError(`RoPE: made for heads of ${headDim} numbers, but the attention has ${depth}.`);
    const whole = context.cache?.capacity ?? context.first + length;
    const factor = Math.max(1, whole / trainingLength);
    const { frequencies, gain } = scaling({ headDim, base, factor, trainingLength });
    const at = positions(length, context);
    return tf.tidy((): [tf.Tensor4D, tf.Tensor4D] => {
      const turns = hostTensor<tf.Rank.R3>(() => turnsOf(at(), frequencies, gain), [2, length, headDim / 2]);
      return [rotate(queries, turns, pairing), rotate(keys, turns, pairing)];
    });
  };
}

/**
 * @param x [B, H, T, d]
 * @param turns cos θ and sin θ, [2, T, d/2]
 */
export function rotate(x: tf.Tensor4D, turns: tf.Tensor3D, pairing: RopePairing): tf.Tensor4D {
  const [batch, heads, length, depth] = x.shape;
  return tf.tidy(() => {
    const [cos, sin] = tf.unstack(turns) as [tf.Tensor2D, tf.Tensor2D];
    const turn = (x1: tf.Tensor, x2: tf.Tensor) =>
      [tf.sub(tf.mul(x1, cos), tf.mul(x2, sin)), tf.add(tf.mul(x2, cos), tf.mul(x1, sin))] as const;
    if (pairing === 'halves') {
      const [x1, x2] = tf.split(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D];
      return tf.concat([...turn(x1, x2)], 3) as tf.Tensor4D;
    }
    const rows = [batch * heads, length, depth / 2];
    const [x1, x2] = tf.split(x.reshape([...rows, 2]), 2, 3) as [tf.Tensor4D, tf.Tensor4D];
    const turned = turn(x1.reshape(rows), x2.reshape(rows));
    return tf.stack([...turned], 3).reshape(x.shape);
  });
}

/** gain·cos θ, then gain·sin θ, row-major [2, T, d/2]; in float64, since θ reaches thousands of radians. */
function turnsOf(positions: readonly number[], frequencies: readonly number[], gain: number): Float32Array {
  const size = positions.length * frequencies.length;
  const values = new Float32Array(2 * size);
  for (const [row, position] of positions.entries()) {
    for (const [m, frequency] of frequencies.entries()) {
      const at = row * frequencies.length + m;
      values[at] = gain * Math.cos(position * frequency);
      values[size + at] = gain * Math.sin(position * frequency);
    }
  }
  return values;
}

const inOrder: RopePositions =
  (length, { first }) =>
  () =>
    Array.from({ length }, (_, i) => first + i);
