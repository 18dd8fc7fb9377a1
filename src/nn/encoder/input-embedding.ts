import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../errors.ts';
import type { RandomStream } from '../../random/index.ts';
import { assertShape } from '../assert-shape.ts';
import { Dropout, type DropoutOptions } from '../dropout.ts';
import { Embedding } from '../embedding.ts';
import type { Initializer } from '../initializers.ts';
import {
  type ApplyOptions,
  type Layer,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
} from '../parameter.ts';

/** What an encoder reads. */
export interface EncoderInputs {
  /** int32 [B, T], each a row of the token table; not checked, see `embed`. */
  readonly tokens: tf.Tensor2D;
  /** int32 [B, T]: 0 in the first text, 1 in the second. Default all 0. */
  readonly segments?: tf.Tensor2D | undefined;
  /** [B, T]: 1 for padding, which no token attends to, 0 for tokens. Default none. */
  readonly padding?: tf.Tensor2D | undefined;
}

/** Vectors of tokens: int32 [B, T] → [B, T, D]. */
export interface TokenVectors extends ParameterOwner {
  apply(tokens: tf.Tensor2D): tf.Tensor;
}

export interface InputEmbeddingOptions {
  /** D */
  readonly width: number;
  /** Owned. */
  readonly tokens: TokenVectors;
  /** The longest sequence. */
  readonly positions: number;
  readonly segments: number;
  /** From [B, T, D] to [B, T, D]; owned. */
  readonly norm: Layer;
  readonly initializer: Initializer;
  readonly dropout?: DropoutOptions | undefined;
}

/** BERT's input: norm(tokens + segments + positions 0 … T − 1), all learned. */
export class InputEmbedding implements ParameterOwner {
  readonly tokens: TokenVectors;
  readonly segments: Embedding; // [segments, D]
  readonly positions: Embedding; // [positions, D]
  readonly norm: Layer;
  readonly #width: number;
  readonly #dropout: Dropout;

  constructor(options: InputEmbeddingOptions, stream: RandomStream) {
    const { width, tokens, positions, segments, norm, initializer, dropout } = options;
    this.#width = width;
    this.tokens = tokens;
    this.segments = new Embedding({ rows: segments, width, initializer }, stream);
    this.positions = new Embedding({ rows: positions, width, initializer }, stream);
    this.norm = norm;
    this.#dropout = new Dropout(dropout);
  }

  /**
   * @returns [B, T, D]
   * @throws UserError for another shape or dtype, or a sequence longer than the positions
   */
  apply({ tokens, segments }: EncoderInputs, options: ApplyOptions = {}): tf.Tensor3D {
    assertShape(tokens, ['B', 'T'], 'The tokens of an encoder');
    const [batch, length] = tokens.shape;
    if (segments) assertShape(segments, [batch, length], 'The segments of an encoder');
    const [rows] = this.positions.table.shape;
    if (length > rows) {
      throw new UserError(
        `A sequence of ${length} tokens is longer than the ${rows} positions of the encoder.`,
      );
    }
    return tf.tidy(() => {
      const size = [length, this.#width] as [number, number];
      const positions = length === rows ? this.positions.table : this.positions.table.slice([0, 0], size);
      // A single row where no segments are given: it is added to all.
      const segment = segments
        ? this.segments.apply(segments)
        : this.segments.table.slice([0, 0], [1, this.#width]);
      const sum = tf.add(tf.add(this.tokens.apply(tokens), segment), positions);
      return this.#dropout.apply(this.norm.apply(sum) as tf.Tensor3D, options);
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('tokens', this.tokens),
      ...prefixParameters('segments', this.segments),
      ...prefixParameters('positions', this.positions),
      ...prefixParameters('norm', this.norm),
    ];
  }

  dispose(): void {
    for (const part of [this.tokens, this.segments, this.positions, this.norm]) part.dispose();
  }
}
