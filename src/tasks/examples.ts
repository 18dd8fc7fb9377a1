import * as tf from '@tensorflow/tfjs';
import type { Batch, EncodedText } from '../data/index.ts';
import type { EncoderInputs } from '../nn/encoder/index.ts';
import { RandomStream } from '../random/index.ts';

/** A text or a pair of texts as an encoder reads it, and what is to be said of it. */
export interface TaskExample extends EncodedText {
  /** One class, one score, or the first and the last position of an answer. */
  readonly targets: readonly number[];
}

/** Examples by number, from 0. All have the same length and as many targets. */
export interface ExampleSet {
  readonly size: number;
  at(index: number): TaskExample;
}

/**
 * Examples as two tensors that a training step takes: int32 [B, 3L], for each text its tokens, segments and padding side by side,
 * and [B, k]. `unpackInputs` takes the first apart. The caller owns both.
 */
export function packExamples(examples: readonly TaskExample[], targetType: 'int32' | 'float32'): Batch {
  const length = examples[0]?.tokens.length ?? 0;
  const inputs = new Int32Array(examples.length * 3 * length);
  for (const [row, { tokens, segments, padding }] of examples.entries()) {
    for (const [part, values] of [tokens, segments, padding].entries())
      inputs.set(values, (3 * row + part) * length);
  }
  const targets = examples.map(({ targets: own }) => [...own]);
  return {
    tokens: tf.tensor2d(inputs, [examples.length, 3 * length], 'int32'),
    targets: tf.tensor2d(targets, [examples.length, targets[0]?.length ?? 0], targetType),
  };
}

/** @param packed int32 [B, 3L] @returns three tensors [B, L], which the caller owns */
export function unpackInputs(packed: tf.Tensor2D): { readonly [K in keyof EncoderInputs]-?: tf.Tensor2D } {
  const [tokens, segments, padding] = tf.split(packed, 3, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  return { tokens, segments, padding };
}

/**
 * Which examples each batch of a training has: a new order for each epoch, each example once in it. Batches run on across the ends
 * of epochs, so that all are of one size. What a batch holds depends on its number and the seed alone: a run that is continued
 * needs no state.
 */
export class ShuffledBatches {
  readonly #size: number;
  readonly #batchSize: number;
  readonly #seed: number;
  #epoch = -1;
  #order: readonly number[] = [];

  constructor(size: number, batchSize: number, seed: number) {
    if (size < 1) throw new RangeError('There are no examples.');
    this.#size = size;
    this.#batchSize = batchSize;
    this.#seed = seed;
  }

  /** @param step from 0 */
  indices(step: number): number[] {
    const first = step * this.#batchSize;
    return Array.from({ length: this.#batchSize }, (_, row) => this.#at(first + row));
  }

  #at(position: number): number {
    const epoch = Math.floor(position / this.#size);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = shuffled(this.#size, RandomStream.fromSeed(this.#seed, `examples of epoch ${epoch}`));
    }
    return this.#order[position % this.#size] as number;
  }
}

/** 0 … size − 1 in random order (Fisher and Yates). */
function shuffled(size: number, stream: RandomStream): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let last = size - 1; last > 0; last--) {
    const other = stream.integer(last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
