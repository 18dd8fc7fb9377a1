import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../../random/index.ts';
import { Embedding } from '../embedding.ts';
import { withGradient } from '../functions/with-gradient.ts';
import type { Initializer } from '../initializers.ts';
import type { Parameter } from '../parameter.ts';
import type { TokenVectors } from './input-embedding.ts';

export interface TokenEmbeddingOptions {
  /** V */
  readonly vocabulary: number;
  /** D */
  readonly width: number;
  /** The token whose vector gets no gradient (PyTorch's `padding_idx`). It is not 0, and weight decay still shrinks it. */
  readonly paddingToken: number;
  readonly initializer: Initializer;
}

/** A table of token vectors. */
export class TokenEmbedding implements TokenVectors {
  readonly table: Embedding; // [V, D]
  readonly #paddingToken: number;

  constructor(options: TokenEmbeddingOptions, stream: RandomStream) {
    const { vocabulary, width, paddingToken, initializer } = options;
    this.#paddingToken = paddingToken;
    this.table = new Embedding({ rows: vocabulary, width, initializer }, stream);
  }

  /**
   * @param tokens int32 [B, T]
   * @returns [B, T, D]
   * @throws UserError if the tokens are not int32
   */
  apply(tokens: tf.Tensor2D): tf.Tensor3D {
    return tf.tidy(() => {
      const vectors = this.table.apply(tokens) as tf.Tensor3D;
      return withGradient<tf.Tensor3D>(
        [vectors],
        () => ({ value: tf.clone(vectors), saved: [tokens] }),
        (dy, [read]) => {
          const isToken = tf.notEqual(read as tf.Tensor, tf.scalar(this.#paddingToken, 'int32'));
          return [tf.mul(dy, tf.cast(isToken, 'float32').expandDims(-1))];
        },
      );
    });
  }

  /** `weight` alone. */
  parameters(): Parameter[] {
    return this.table.parameters();
  }

  dispose(): void {
    this.table.dispose();
  }
}
