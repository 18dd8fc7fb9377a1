import * as tf from '@tensorflow/tfjs';
import type { FormalTask } from '../../src/data/formal-languages/index.ts';
import type { Batch } from '../../src/data/index.ts';
import type { RandomStream } from '../../src/random/index.ts';

/** Sequences of length n and m empty tokens after each, int32 [B, n + m]; what is to stand there, int32 [B, m]. */
export function formalBatch(task: FormalTask, n: number, batchSize: number, stream: RandomStream): Batch {
  const m = task.outputLength(n);
  const samples = Array.from({ length: batchSize }, () => task.sample(n, stream));
  const empty = new Array<number>(m).fill(task.inputs);
  const length = (samples[0]?.input.length ?? 0) + m; // tasks may shorten n
  const tokens = samples.flatMap(({ input }) => [...input, ...empty]);
  const targets = samples.flatMap(({ output }) => [...output]);
  return {
    tokens: tf.tensor2d(tokens, [batchSize, length], 'int32'),
    targets: tf.tensor2d(targets, [batchSize, m], 'int32'),
  };
}
