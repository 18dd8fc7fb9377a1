import type { Batch } from '../../../src/data/index.ts';
import { type ExampleSet, packExamples, ShuffledBatches } from '../../../src/tasks/index.ts';

/** The batches of a training by number, so that a run that is continued needs no state. */
export interface BatchSource {
  /** In words, for messages and reports. */
  readonly description: string;
  /** Examples in one pass over the data; for text see `TextBatchesOptions.layout`. */
  readonly size: number;
  readonly batchSize: number;
  /** Inputs packed as by `packExamples`, and labels; the caller owns both. @param step from 0 */
  at(step: number): Batch;
}

export interface ExampleBatchesOptions {
  readonly examples: ExampleSet;
  readonly batchSize: number;
  /** Of the order of the examples. */
  readonly seed: number;
  /** int32 for classes and spans, float32 for scores. */
  readonly targetType: 'int32' | 'float32';
}

/** A task's examples, in a new order for each epoch. */
export function exampleBatches({
  examples,
  batchSize,
  seed,
  targetType,
}: ExampleBatchesOptions): BatchSource {
  const batches = new ShuffledBatches(examples.size, batchSize, seed);
  return {
    description: `${examples.size} examples`,
    size: examples.size,
    batchSize,
    at: (step) =>
      packExamples(
        batches.indices(step).map((index) => examples.at(index)),
        targetType,
      ),
  };
}

/** Steps of so many passes over the data, at least one. */
export function stepsOf(
  { size, batchSize }: Pick<BatchSource, 'size' | 'batchSize'>,
  epochs: number,
): number {
  return Math.max(1, Math.round((epochs * size) / batchSize));
}
