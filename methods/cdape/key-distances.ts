import * as tf from '@tensorflow/tfjs';
import type { AttentionContext } from '../../src/nn/index.ts';

type Lengths = Pick<AttentionContext, 'queryLength' | 'keyLength'>;

/** Tk − Tq: the queries are the last positions. */
function lastQueries({ queryLength, keyLength }: Lengths): number {
  return keyLength - queryLength;
}

/** i, the position of each query, [Tq, 1]. */
export function queryPositions(lengths: Lengths, firstQuery = lastQueries(lengths)): tf.Tensor2D {
  return tf.range(firstQuery, firstQuery + lengths.queryLength).reshape([lengths.queryLength, 1]);
}

/** D = max(i − j, 0), how far key j lies before query i, [Tq, Tk]. */
export function keyDistances(lengths: Lengths): tf.Tensor2D {
  return tf.tidy(() => tf.relu(differences(lengths)));
}

/** 1 where j ≤ i, else 0, [Tq, Tk]; multiplying by it is `tril`. */
export function visibleKeys(lengths: Lengths, firstQuery?: number): tf.Tensor2D {
  return tf.tidy(() => tf.cast(tf.greaterEqual(differences(lengths, firstQuery), 0), 'float32'));
}

/** i − j, [Tq, Tk]. */
function differences(lengths: Lengths, firstQuery?: number): tf.Tensor2D {
  const keys = tf.range(0, lengths.keyLength).reshape([1, lengths.keyLength]);
  return tf.sub(queryPositions(lengths, firstQuery), keys);
}
