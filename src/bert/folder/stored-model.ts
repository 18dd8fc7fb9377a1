import type { StoredTensor } from './stored-tensor.ts';

/** A model that can be kept in a folder in Hugging Face's layout. */
export interface StoredModel {
  /** First half of the architecture's name: `Bert`. */
  readonly family: string;
  /** Second half of the architecture's name: `Model`, `ForSequenceClassification`. */
  readonly architecture: string;
  /** What config.json has to say, architecture aside. */
  settings(): Readonly<Record<string, unknown>>;
  /** Every weight, under names without the `bert.` that Hugging Face puts before an encoder with a head. */
  stored(): StoredTensor[];
}
