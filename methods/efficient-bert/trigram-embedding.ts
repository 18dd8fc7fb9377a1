import * as tf from '@tensorflow/tfjs';
import { TokenEmbedding, type TokenVectors } from '../../src/nn/encoder/index.ts';
import { type Initializer, Linear, type Parameter, prefixParameters } from '../../src/nn/index.ts';
import type { RandomStream } from '../../src/random/index.ts';

export interface TrigramEmbeddingOptions {
  /** V */
  readonly vocabulary: number;
  /** E, of the table. */
  readonly embedded: number;
  /** H */
  readonly width: number;
  readonly paddingToken: number;
  readonly initializer: Initializer;
}

/**
 * MobileBERT's factorised embedding: a narrow table, and a map of each token's vector with those of its two neighbours,
 * W·[eₜ₊₁, eₜ, eₜ₋₁] + b in this order, with zeros beyond both ends. Neighbours are taken across padding and separators.
 */
export class TrigramEmbedding implements TokenVectors {
  readonly tokens: TokenEmbedding; // [V, E]
  readonly dense: Linear; // [3E, H]
  readonly #options: TrigramEmbeddingOptions;

  constructor(options: TrigramEmbeddingOptions, stream: RandomStream) {
    const { vocabulary, embedded, width, paddingToken, initializer } = options;
    this.#options = options;
    this.tokens = new TokenEmbedding({ vocabulary, width: embedded, paddingToken, initializer }, stream);
    this.dense = new Linear({ inputs: 3 * embedded, outputs: width, initializer }, stream);
  }

  /**
   * @param tokens int32 [B, T]
   * @returns [B, T, H]
   */
  apply(tokens: tf.Tensor2D): tf.Tensor {
    const [batch, length] = tokens.shape;
    const { embedded } = this.#options;
    return tf.tidy(() => {
      const current = this.tokens.apply(tokens); // [B, T, E]
      const padded = tf.pad(current, [NONE, [1, 1], NONE]);
      const from = (start: number) => padded.slice([0, start, 0], [batch, length, embedded]);
      return this.dense.apply(tf.concat([from(2), current, from(0)], -1)); // next, current, previous
    });
  }

  parameters(): Parameter[] {
    return [...prefixParameters('tokens', this.tokens), ...prefixParameters('dense', this.dense)];
  }

  dispose(): void {
    this.tokens.dispose();
    this.dense.dispose();
  }
}

const NONE: [number, number] = [0, 0];
