import * as tf from '@tensorflow/tfjs';
import type { EncoderInputs } from '../../nn/encoder/index.ts';
import {
  type ApplyOptions,
  createParameter,
  crossEntropy,
  gelu,
  LayerNorm,
  Linear,
  normal,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
  zeros,
} from '../../nn/index.ts';
import type { RandomStreams } from '../../random/index.ts';
import type { EncoderModel } from '../encoder-model.ts';
import type { StoredModel } from '../folder/stored-model.ts';
import {
  inPart,
  type StoredTensor,
  storedLinear,
  storedNorm,
  storedParameter,
} from '../folder/stored-tensor.ts';

export interface MaskedTokenPredictorOptions {
  /** Of the transform. Default the exact gelu. */
  readonly activation?: (x: tf.Tensor) => tf.Tensor;
}

/**
 * Predicts masked tokens: norm(activation(W·h + b)), then the table of tokens transposed, and a bias. Where the table is narrower
 * than the hidden states (E < H), W maps to its width: the authors' head cannot be built there. Owns the encoder.
 */
export class MaskedTokenPredictor implements ParameterOwner, StoredModel {
  readonly base: EncoderModel;
  readonly family: string;
  readonly architecture = 'ForMaskedLM';
  readonly transform: Linear; // [H, E]
  readonly norm: LayerNorm;
  readonly bias: Parameter; // [V]
  readonly #activation: (x: tf.Tensor) => tf.Tensor;

  constructor(base: EncoderModel, streams: RandomStreams, options: MaskedTokenPredictorOptions = {}) {
    const { width, epsilon, initialDeviation } = base.sizes;
    const [vocabulary, embedded] = base.tokenTable.shape;
    this.base = base;
    this.family = base.family;
    this.#activation = options.activation ?? gelu;
    this.transform = new Linear(
      { inputs: width, outputs: embedded, initializer: normal(initialDeviation) },
      streams.init,
    );
    this.norm = new LayerNorm(embedded, epsilon, streams.init);
    this.bias = createParameter('bias', [vocabulary], zeros, streams.init, false);
  }

  /** [B, T, V] */
  logits(inputs: EncoderInputs, options: ApplyOptions = {}): tf.Tensor3D {
    const [batch, length] = inputs.tokens.shape;
    return tf.tidy(() => this.#rows(inputs, options).reshape([batch, length, -1]));
  }

  /**
   * Mean cross-entropy over the positions of weight 1.
   *
   * @param targets int32 [B, T], the tokens as they were
   * @param weights float32 [B, T], 1 where a token was masked, else 0
   */
  loss(
    inputs: EncoderInputs,
    targets: tf.Tensor2D,
    weights: tf.Tensor2D,
    options: ApplyOptions = {},
  ): tf.Scalar {
    return tf.tidy(() =>
      crossEntropy(this.#rows(inputs, options), targets.reshape([-1]), weights.reshape([-1])),
    );
  }

  /** [B·T, V] */
  #rows(inputs: EncoderInputs, options: ApplyOptions): tf.Tensor2D {
    const hidden = this.base.encoder.encode(inputs, options).reshape([-1, this.base.sizes.width]);
    const transformed = this.norm.apply(this.#activation(this.transform.apply(hidden))) as tf.Tensor2D;
    return tf.add(tf.matMul(transformed, this.base.tokenTable, false, true), this.bias.variable);
  }

  settings(): Readonly<Record<string, unknown>> {
    return this.base.settings();
  }

  stored(): StoredTensor[] {
    return [
      ...this.base.stored(),
      ...inPart('head', [
        storedParameter('cls.predictions.bias', this.bias),
        ...storedLinear('cls.predictions.transform.dense', this.transform),
        ...storedNorm('cls.predictions.transform.LayerNorm', this.norm),
      ]),
    ];
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('base', this.base),
      ...prefixParameters('transform', this.transform),
      ...prefixParameters('norm', this.norm),
      this.bias,
    ];
  }

  dispose(): void {
    for (const part of [this.base, this.transform, this.norm]) part.dispose();
    this.bias.variable.dispose();
  }
}
