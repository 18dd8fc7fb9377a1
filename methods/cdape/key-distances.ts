import * as tf from '@tensorflow/tfjs';
import type { AttentionContext } from '../../src/nn/index.ts';

/** Where queries and keys stand. */
export interface Positions extends Pick<AttentionContext, 'queryLength' | 'keyLength'> {
  /** Position of the first query. Default Tk − Tq: the queries are the last ones. */
  readonly firstQuery?: number | undefined;
  /** Whether distances to later keys are 0; if not, they count as those to earlier ones. Default true. */
  readonly causal?: boolean;
}

/** Position of the first query. */
export function firstQueryOf({ queryLength, keyLength, firstQuery }: Positions): number {
  return firstQuery ?? keyLength - queryLength;
}

/** i, the position of each query, [Tq, 1]. */
export function queryPositions(positions: Positions): tf.Tensor2D {
  const first = firstQueryOf(positions);
  return tf.range(first, first + positions.queryLength).reshape([positions.queryLength, 1]);
}

/** D = max(i − j, 0), how far key j lies before query i, or |i − j| in both directions, [Tq, Tk]. */
export function keyDistances(positions: Positions): tf.Tensor2D {
  const { causal = true } = positions;
  return tf.tidy(() => {
    const apart = keyOffsets(positions);
    return causal ? tf.relu(apart) : tf.abs(apart);
  });
}

/** The largest D of each query, [Tq, 1]. */
export function largestDistances(positions: Positions): tf.Tensor2D {
  const { causal = true, keyLength } = positions;
  return tf.tidy(() => {
    const before = queryPositions(positions);
    return causal ? before : tf.maximum(before, tf.sub(keyLength - 1, before));
  });
}

/** 1 where j ≤ i, else 0, [Tq, Tk]; multiplying by it is `tril`. */
export function visibleKeys(positions: Positions): tf.Tensor2D {
  return tf.tidy(() => tf.cast(tf.greaterEqual(keyOffsets(positions), 0), 'float32'));
}

/** i − j, [Tq, Tk]. */
export function keyOffsets(positions: Positions): tf.Tensor2D {
  return tf.tidy(() => {
    const keys = tf.range(0, positions.keyLength).reshape([1, positions.keyLength]);
    return tf.sub(queryPositions(positions), keys);
  });
}
