import { setImmediate } from 'node:timers/promises';
import { countRight, formalTask } from '../../src/data/formal-languages/index.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { RandomStream } from '../../src/random/index.ts';
import { makePredictor, type SequenceModel } from '../cdape-training/last-positions.ts';
import { formalBatch } from './batches.ts';
import type { FormalCell } from './cells.ts';
import type { FormalConfig } from './config.ts';
import type { FormalTest } from './result.ts';

const largestBatch = 64;

/** At the longest length of training, then beyond. The same sequences for every encoding; others for every seed. */
export async function testTask(
  model: SequenceModel,
  { task: name, seed }: Pick<FormalCell, 'task' | 'seed'>,
  { trainLengths, testLengths, testSequences }: FormalConfig,
  signal: AbortSignal,
): Promise<FormalTest[]> {
  const task = formalTask(name);
  const tests: FormalTest[] = [];
  for (const length of [Math.max(...trainLengths), ...testLengths]) {
    const stream = RandomStream.fromSeed(seed, `${name} test ${length}`);
    const m = task.outputLength(length);
    const predict = makePredictor(model, m);
    let [right, counted] = [0, 0];
    try {
      for (let left = testSequences; left > 0; left -= largestBatch) {
        if (signal.aborted) throw new Interrupted();
        const batch = formalBatch(task, length, Math.min(left, largestBatch), stream);
        const predicted = predict(batch.tokens);
        const [said, targets] = await Promise.all([predicted.data(), batch.targets.data()]);
        for (const tensor of [predicted, batch.tokens, batch.targets]) tensor.dispose();
        const own = countRight(task, said, targets as Int32Array, m);
        right += own.right;
        counted += own.counted;
        await setImmediate(); // some backends read synchronously: let signals in
      }
    } finally {
      predict.dispose();
    }
    tests.push({ length, right, counted });
  }
  return tests;
}
