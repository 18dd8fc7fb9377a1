import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../errors.ts';
import type { RandomStream } from '../../random/index.ts';
import { assertShape } from '../assert-shape.ts';
import { Dropout, type DropoutOptions } from '../dropout.ts';
import { mergeHeads, splitHeads } from '../functions/heads.ts';
import { maskedSoftmax } from '../functions/masked-softmax.ts';
import type { Initializer } from '../initializers.ts';
import { Linear } from '../linear.ts';
import { type ApplyOptions, type Layer, type Parameter, prefixParameters } from '../parameter.ts';

/** How a layer of an encoder is applied. */
export interface EncoderOptions extends ApplyOptions {
  /** [B, 1, 1, T], added to the scores of each key: `paddingBias` hides padding. Default nothing. */
  readonly keyBias?: tf.Tensor4D | undefined;
}

/** What attention gives: the caller owns both tensors. */
export interface Attended {
  readonly output: tf.Tensor3D; // [B, T, D]
  /** QKᵀ/√d + keyBias, before softmax; what distillation compares. */
  readonly scores: tf.Tensor4D; // [B, H, T, T]
}

/** A layer that mixes the positions of a sequence by attention. [B, T, D] → [B, T, D] */
export interface AttendingLayer extends Layer {
  apply(x: tf.Tensor, options?: EncoderOptions): tf.Tensor3D;
  /** As `apply`, with the attention scores. */
  attend(x: tf.Tensor, options?: EncoderOptions): Attended;
}

export interface SelfAttentionOptions {
  /** D */
  readonly width: number;
  /** H; divides D. */
  readonly heads: number;
  readonly initializer: Initializer;
  /** Of the attention weights. Default none. */
  readonly dropout?: DropoutOptions | undefined;
}

/**
 * The attention of an encoder, every position to every other (Vaswani et al. 2017): softmax(QKᵀ/√d + keyBias)·V for each head,
 * d = D/H, then a projection. Queries, keys and values come from one kernel [D, 3D], its columns in that order, each head by head.
 */
export class SelfAttention implements AttendingLayer {
  readonly queryKeyValue: Linear; // [D, 3D]
  readonly output: Linear; // [D, D]
  readonly #options: SelfAttentionOptions;
  readonly #dropout: Dropout;

  /** @throws UserError if the heads do not divide the width */
  constructor(options: SelfAttentionOptions, stream: RandomStream) {
    const { width, heads, initializer, dropout } = options;
    if (!Number.isInteger(width / heads)) {
      throw new UserError(`SelfAttention: ${heads} heads do not divide the width ${width}.`);
    }
    this.#options = options;
    this.#dropout = new Dropout(dropout);
    this.queryKeyValue = new Linear({ inputs: width, outputs: 3 * width, initializer }, stream);
    this.output = new Linear({ inputs: width, outputs: width, initializer }, stream);
  }

  /**
   * @param x [B, T, D]
   * @returns [B, T, D]
   * @throws UserError if x or the bias of keys has another shape
   */
  apply(x: tf.Tensor, options: EncoderOptions = {}): tf.Tensor3D {
    return tf.tidy(() => this.attend(x, options).output);
  }

  attend(x: tf.Tensor, options: EncoderOptions = {}): Attended {
    const { width, heads } = this.#options;
    const { keyBias } = options;
    assertShape(x, ['B', 'T', width], 'SelfAttention: the input');
    const [batch, length] = x.shape as [number, number];
    if (keyBias) assertShape(keyBias, [batch, 1, 1, length], 'SelfAttention: keyBias');
    return tf.tidy(() => {
      const projected = this.queryKeyValue.apply(x.reshape([batch * length, width])); // [B·T, 3D]
      const scale = 1 / Math.sqrt(width / heads);
      const [queries, keys, values] = splitHeads(projected as tf.Tensor2D, batch, heads, scale); // each [B, H, T, d]
      const products: tf.Tensor4D = tf.matMul(queries, keys, false, true); // [B, H, T, T]
      const scores: tf.Tensor4D = keyBias ? tf.add(products, keyBias) : products;
      const weights = this.#dropout.apply(maskedSoftmax(scores, false), options);
      const rows = mergeHeads(tf.matMul(weights, values)); // [B·T, D]
      const output: tf.Tensor3D = this.output.apply(rows).reshape([batch, length, width]);
      return { output, scores };
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('queryKeyValue', this.queryKeyValue),
      ...prefixParameters('output', this.output),
    ];
  }

  dispose(): void {
    this.queryKeyValue.dispose();
    this.output.dispose();
  }
}
