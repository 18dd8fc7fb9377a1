import { setImmediate } from 'node:timers/promises';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { RandomStream } from '../../src/random/index.ts';
import { makePredictor, type SequenceModel } from '../cdape-training/last-positions.ts';
import { recallBatch } from './batches.ts';
import type { RecallConfig } from './config.ts';
import type { RecallTest } from './result.ts';

/** So that score maps of long sequences stay small. */
const largestBatch = 64;

/** The same sequences for every encoding; others for every seed. */
export async function testRecall(
  model: SequenceModel,
  config: RecallConfig,
  seed: number,
  signal: AbortSignal,
): Promise<RecallTest[]> {
  const predict = makePredictor(model, 1);
  try {
    const tests: RecallTest[] = [];
    for (const pairs of config.testPairs) {
      const stream = RandomStream.fromSeed(seed, `recall test ${pairs}`);
      let [right, frequent] = [0, 0];
      for (let left = config.testSequences; left > 0; left -= largestBatch) {
        if (signal.aborted) throw new Interrupted();
        const batch = recallBatch(config, pairs, Math.min(left, largestBatch), stream);
        const predicted = predict(batch.tokens);
        const [said, tokens, targets] = await Promise.all(
          [predicted, batch.tokens, batch.targets].map((tensor) => tensor.data()),
        );
        for (const tensor of [predicted, batch.tokens, batch.targets]) tensor.dispose();
        for (const [row, target] of [...(targets as Int32Array)].entries()) {
          const length = 2 * pairs + 1;
          const sequence = (tokens as Int32Array).subarray(row * length, (row + 1) * length);
          right += Number(said?.[row] === target);
          frequent += Number(mostFrequentValue(sequence) === target);
        }
        await setImmediate(); // some backends read synchronously: let signals in
      }
      tests.push({ pairs, sequences: config.testSequences, right, frequent });
    }
    return tests;
  } finally {
    predict.dispose();
  }
}

/** Of k₁ v₁ … kₙ vₙ q; the first of several. */
export function mostFrequentValue(sequence: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (let at = 1; at < sequence.length; at += 2) {
    const value = sequence[at] as number;
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}
