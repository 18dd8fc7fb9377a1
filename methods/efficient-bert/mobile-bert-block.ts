import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import type { Attended, AttendingLayer, EncoderBlock, EncoderOptions } from '../../src/nn/encoder/index.ts';
import {
  createParameter,
  Dropout,
  type DropoutOptions,
  type Initializer,
  type Layer,
  Linear,
  maskedSoftmax,
  ones,
  type Parameter,
  prefixParameters,
  zeros,
} from '../../src/nn/index.ts';
import type { RandomStream } from '../../src/random/index.ts';

/** MobileBERT's stand-in for LayerNorm: gain ⊙ x + bias. */
export class NoNorm implements Layer {
  readonly gain: Parameter; // [D]
  readonly bias: Parameter; // [D]

  constructor(width: number, stream: RandomStream) {
    this.gain = createParameter('gain', [width], ones, stream, false);
    this.bias = createParameter('bias', [width], zeros, stream, false);
  }

  apply(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => tf.add(tf.mul(x, this.gain.variable), this.bias.variable));
  }

  parameters(): Parameter[] {
    return [this.gain, this.bias];
  }

  dispose(): void {
    this.gain.variable.dispose();
    this.bias.variable.dispose();
  }
}

export interface SharedAttentionOptions {
  readonly width: number;
  readonly heads: number;
  readonly initializer: Initializer;
  readonly dropout?: DropoutOptions;
}

/** Self-attention whose queries are its keys: softmax(QQᵀ/√d + keyBias)·V. */
export class SharedAttention implements AttendingLayer {
  readonly queryKey: Linear; // [D, D]
  readonly value: Linear; // [D, D]
  readonly output: Linear; // [D, D]
  readonly #options: SharedAttentionOptions;
  readonly #dropout: Dropout;

  /** @throws UserError if the heads do not divide the width */
  constructor(options: SharedAttentionOptions, stream: RandomStream) {
    const { width, heads, initializer, dropout } = options;
    if (!Number.isInteger(width / heads))
      throw new UserError(`SharedAttention: ${heads} heads do not divide the width ${width}.`);
    const square = { inputs: width, outputs: width, initializer };
    this.#options = options;
    this.#dropout = new Dropout(dropout);
    this.queryKey = new Linear(square, stream);
    this.value = new Linear(square, stream);
    this.output = new Linear(square, stream);
  }

  apply(x: tf.Tensor, options: EncoderOptions = {}): tf.Tensor3D {
    return tf.tidy(() => this.attend(x, options).output);
  }

  /** [B, T, D] → [B, T, D] and [B, H, T, T] */
  attend(x: tf.Tensor, options: EncoderOptions = {}): Attended {
    const { width, heads } = this.#options;
    const [batch, length] = x.shape as [number, number];
    const split = (rows: tf.Tensor): tf.Tensor4D =>
      rows.reshape([batch, length, heads, width / heads]).transpose([0, 2, 1, 3]);
    return tf.tidy(() => {
      const queries = split(this.queryKey.apply(x)); // [B, H, T, d]
      const scaled = tf.mul(queries, Math.sqrt(heads / width)) as tf.Tensor4D;
      const products: tf.Tensor4D = tf.matMul(scaled, queries, false, true); // [B, H, T, T]
      const scores: tf.Tensor4D = options.keyBias ? tf.add(products, options.keyBias) : products;
      const weights = this.#dropout.apply(maskedSoftmax(scores, false), options);
      const attended = tf.matMul(weights, split(this.value.apply(x))); // [B, H, T, d]
      const joined = attended.transpose([0, 2, 1, 3]).reshape([batch, length, width]);
      return { output: this.output.apply(joined) as tf.Tensor3D, scores };
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('queryKey', this.queryKey),
      ...prefixParameters('value', this.value),
      ...prefixParameters('output', this.output),
    ];
  }

  dispose(): void {
    for (const part of [this.queryKey, this.value, this.output]) part.dispose();
  }
}

/** A block at a smaller width between two maps: norm(x + widen(block(narrow(x)))). Owns its parts. */
export class BottleneckBlock implements AttendingLayer {
  readonly narrow: Linear; // [H, D]
  readonly block: EncoderBlock;
  readonly widen: Linear; // [D, H]
  readonly norm: Layer;

  constructor(parts: Pick<BottleneckBlock, 'narrow' | 'block' | 'widen' | 'norm'>) {
    this.narrow = parts.narrow;
    this.block = parts.block;
    this.widen = parts.widen;
    this.norm = parts.norm;
  }

  apply(x: tf.Tensor, options: EncoderOptions = {}): tf.Tensor3D {
    return tf.tidy(() => this.attend(x, options).output);
  }

  attend(x: tf.Tensor, options: EncoderOptions = {}): Attended {
    return tf.tidy(() => {
      const { output: inner, scores } = this.block.attend(this.narrow.apply(x), options);
      return { output: this.norm.apply(tf.add(x, this.widen.apply(inner))) as tf.Tensor3D, scores };
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('narrow', this.narrow),
      ...prefixParameters('block', this.block),
      ...prefixParameters('widen', this.widen),
      ...prefixParameters('norm', this.norm),
    ];
  }

  dispose(): void {
    for (const part of [this.narrow, this.block, this.widen, this.norm]) part.dispose();
  }
}
