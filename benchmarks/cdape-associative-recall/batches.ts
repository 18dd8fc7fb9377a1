import * as tf from '@tensorflow/tfjs';
import { type RecallAlphabet, recallSequence } from '../../src/data/associative-recall.ts';
import type { Batch } from '../../src/data/index.ts';
import type { RandomStream } from '../../src/random/index.ts';

/** Sequences of n pairs: tokens int32 [B, 2n + 1], and the value that is asked for, int32 [B, 1]. */
export function recallBatch(
  alphabet: RecallAlphabet,
  pairs: number,
  batchSize: number,
  stream: RandomStream,
): Batch {
  const length = 2 * pairs + 1;
  const tokens = new Int32Array(batchSize * length);
  const targets = new Int32Array(batchSize);
  for (let row = 0; row < batchSize; row++) {
    const sequence = recallSequence(alphabet, pairs, stream);
    tokens.set(sequence.tokens, row * length);
    targets[row] = sequence.target;
  }
  return {
    tokens: tf.tensor2d(tokens, [batchSize, length], 'int32'),
    targets: tf.tensor2d(targets, [batchSize, 1], 'int32'),
  };
}
