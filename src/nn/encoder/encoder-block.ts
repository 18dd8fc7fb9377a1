import * as tf from '@tensorflow/tfjs';
import { Dropout, type DropoutOptions } from '../dropout.ts';
import { type Layer, type Parameter, prefixParameters } from '../parameter.ts';
import type { Attended, AttendingLayer, EncoderOptions } from './self-attention.ts';

export interface EncoderBlockOptions {
  /** From [B, T, D] to [B, T, D], such as `SelfAttention`; owned. */
  readonly attention: AttendingLayer;
  /** Of the sum of input and attention; owned. */
  readonly attentionNorm: Layer;
  /** From [B, T, D] to [B, T, D], with its own residual sum and normalisation, such as `PostNorm`; owned. */
  readonly feedForward: Layer;
  /** Of what the attention adds. Default none. */
  readonly dropout?: DropoutOptions | undefined;
}

/** A post-norm Transformer block (Vaswani et al. 2017; BERT): h = norm(x + attention(x)), y = feedForward(h). */
export class EncoderBlock implements AttendingLayer {
  readonly attention: AttendingLayer;
  readonly attentionNorm: Layer;
  readonly feedForward: Layer;
  readonly #dropout: Dropout;

  constructor({ attention, attentionNorm, feedForward, dropout }: EncoderBlockOptions) {
    this.attention = attention;
    this.attentionNorm = attentionNorm;
    this.feedForward = feedForward;
    this.#dropout = new Dropout(dropout);
  }

  /**
   * @param x [B, T, D]
   * @returns [B, T, D]
   * @throws UserError if x has another shape
   */
  apply(x: tf.Tensor, options: EncoderOptions = {}): tf.Tensor3D {
    return tf.tidy(() => this.attend(x, options).output);
  }

  attend(x: tf.Tensor, options: EncoderOptions = {}): Attended {
    return tf.tidy(() => {
      const { output: attended, scores } = this.attention.attend(x, options);
      const h = this.attentionNorm.apply(tf.add(x, this.#dropout.apply(attended, options)));
      return { output: this.feedForward.apply(h, options) as tf.Tensor3D, scores };
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('attention', this.attention),
      ...prefixParameters('attentionNorm', this.attentionNorm),
      ...prefixParameters('feedForward', this.feedForward),
    ];
  }

  dispose(): void {
    for (const part of [this.attention, this.attentionNorm, this.feedForward]) part.dispose();
  }
}
