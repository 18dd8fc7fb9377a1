import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';

/** Keys and values of one attention layer, for the positions that it has seen. */
export class LayerCache {
  /** The longest sequence that it takes. */
  readonly capacity: number;
  #held: readonly [keys: tf.Tensor4D, values: tf.Tensor4D] | undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Number of positions held. */
  get length(): number {
    return this.#held?.[0].shape[2] ?? 0;
  }

  /**
   * Adds positions, and returns all that it then holds; it stays their owner.
   *
   * @param keys [B, H, T, d]
   * @param values [B, H, T, d]
   * @throws UserError where the positions exceed the capacity
   */
  append(keys: tf.Tensor4D, values: tf.Tensor4D): readonly [keys: tf.Tensor4D, values: tf.Tensor4D] {
    const length = this.length + keys.shape[2];
    if (length > this.capacity) {
      throw new UserError(
        `KeyValueCache: ${length} positions are more than its capacity of ${this.capacity}; make it larger.`,
      );
    }
    const before = this.#held;
    const joined = [
      tf.keep(before ? tf.concat([before[0], keys], 2) : tf.clone(keys)),
      tf.keep(before ? tf.concat([before[1], values], 2) : tf.clone(values)),
    ] as const;
    this.#held = joined;
    tf.dispose(before && [...before]);
    return joined;
  }

  dispose(): void {
    tf.dispose(this.#held && [...this.#held]);
    this.#held = undefined;
  }
}

/**
 * Keys and values of every attention layer of a model, so that a sequence can be computed piece by piece: each call of the
 * model with this cache continues where the last one ended. Its owner disposes it.
 */
export class KeyValueCache {
  readonly layers: readonly LayerCache[];

  /**
   * @param layers how many attention layers the model has
   * @param capacity the longest sequence; some encodings place tokens by it
   * @throws UserError where either is no positive integer
   */
  constructor({ layers, capacity }: { readonly layers: number; readonly capacity: number }) {
    for (const [name, value] of Object.entries({ layers, capacity })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new UserError(`KeyValueCache: ${name} must be a positive integer, got ${value}.`);
      }
    }
    this.layers = Array.from({ length: layers }, () => new LayerCache(capacity));
  }

  /** Number of positions held by every layer. */
  get length(): number {
    return this.layers.at(-1)?.length ?? 0;
  }

  /** Frees all that is held; the cache is then empty and can start another sequence. */
  dispose(): void {
    for (const layer of this.layers) layer.dispose();
  }
}
