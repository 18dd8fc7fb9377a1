/**
 * T5's relative position bias. Raffel et al. 2020, arXiv 1910.10683.
 *
 *   P = √d · E[bucket(D), h]
 *
 *   bucket(D) = D for D < 16, else min(31, 16 + ⌊16·ln(D/16)/ln(128/16)⌋)
 *
 * In both directions each gets half of the buckets (8, 15 and 8 in place of 16, 31 and 16), those of later keys 16 further on.
 * E [32, H] is one table for all layers, at first Xavier-normal. √d is an inheritance of GPT-NeoX, and of the authors' code of
 * CDAPE; T5 has none.
 */
import * as tf from '@tensorflow/tfjs';
import {
  createParameter,
  embed,
  type Parameter,
  type ParameterOwner,
  xavierNormal,
} from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { firstQueryOf } from '../key-distances.ts';
import { checkHeads, type PositionBias, type PositionBiasContext } from '../position-bias.ts';

const BUCKETS = 32;
const LARGEST_DISTANCE = 128;

/** E, for `t5` in every layer; whoever makes it owns it. */
export class T5Table implements ParameterOwner {
  readonly heads: number;
  readonly table: Parameter; // [32, H]

  constructor(heads: number, stream: RandomStream) {
    this.heads = heads;
    this.table = createParameter('table', [BUCKETS, heads], xavierNormal(), stream, true);
  }

  parameters(): Parameter[] {
    return [this.table];
  }

  dispose(): void {
    this.table.variable.dispose();
  }
}

/** P [H, Tq, Tk], from a table that it does not own. */
export function t5(shared: T5Table, headDim: number): PositionBias {
  const { heads, table } = shared;
  return (context) => {
    checkHeads('T5 bias', heads, context);
    const { queryLength, keyLength } = context;
    return tf.tidy(() => {
      const buckets = tf.tensor2d(bucketMap(context), [queryLength, keyLength], 'int32');
      const bias = embed(table.variable as tf.Tensor as tf.Tensor2D, buckets); // [Tq, Tk, H]
      return tf.mul(tf.transpose(bias, [2, 0, 1]), Math.sqrt(headDim)) as tf.Tensor3D;
    });
  };
}

/** @param offset i − j */
export function t5Bucket(offset: number, causal: boolean): number {
  const buckets = causal ? BUCKETS : BUCKETS / 2;
  const shift = !causal && offset < 0 ? buckets : 0;
  const distance = causal ? Math.max(offset, 0) : Math.abs(offset);
  const exact = buckets / 2;
  if (distance < exact) return shift + distance;
  const further = Math.log(distance / exact) / Math.log(LARGEST_DISTANCE / exact);
  return shift + Math.min(buckets - 1, exact + Math.trunc(further * exact));
}

/** Row-major [Tq, Tk]. */
function bucketMap(context: PositionBiasContext): Int32Array {
  const { queryLength, keyLength, causal } = context;
  const first = firstQueryOf(context);
  // Of every offset i − j there is, from −(Tk − 1) on.
  const ofOffset = Int32Array.from({ length: first + queryLength + keyLength }, (_, n) =>
    t5Bucket(n - keyLength + 1, causal),
  );
  const map = new Int32Array(queryLength * keyLength);
  for (let i = 0; i < queryLength; i++) {
    for (let j = 0; j < keyLength; j++)
      map[i * keyLength + j] = ofOffset[first + i - j + keyLength - 1] as number;
  }
  return map;
}
