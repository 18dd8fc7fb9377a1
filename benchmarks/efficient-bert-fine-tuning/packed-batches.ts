import { type ExampleSet, packExamples, ShuffledBatches } from '../../src/tasks/index.ts';

/** A batch as it goes over the line to PyTorch; see `packExamples`. */
export interface PlainBatch {
  /** [B][3L] */
  readonly inputs: readonly (readonly number[])[];
  /** [B][1] */
  readonly targets: readonly (readonly number[])[];
}

/** What a training has: by seed and number of the step, as `fineTune` draws it. */
export class PackedBatches {
  readonly #examples: ExampleSet;
  readonly #shuffled: ShuffledBatches;

  constructor(examples: ExampleSet, batchSize: number, seed: number) {
    this.#examples = examples;
    this.#shuffled = new ShuffledBatches(examples.size, batchSize, seed);
  }

  /** @param step from 0; the tensors are the caller's */
  tensors(step: number): ReturnType<typeof packExamples> {
    return packExamples(this.#at(step), 'int32');
  }

  plain(step: number): PlainBatch {
    return plainBatch(this.#at(step));
  }

  #at(step: number) {
    return this.#shuffled.indices(step).map((index) => this.#examples.at(index));
  }
}

export function plainBatch(examples: readonly ReturnType<ExampleSet['at']>[]): PlainBatch {
  return {
    inputs: examples.map(({ tokens, segments, padding }) => [...tokens, ...segments, ...padding]),
    targets: examples.map(({ targets }) => [...targets]),
  };
}
