import * as tf from '@tensorflow/tfjs';
import type { EncoderInputs } from '../../nn/encoder/index.ts';
import {
  type ApplyOptions,
  crossEntropy,
  Linear,
  normal,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
} from '../../nn/index.ts';
import type { RandomStreams } from '../../random/index.ts';
import type { EncoderModel } from '../encoder-model.ts';
import type { StoredModel } from '../folder/stored-model.ts';
import { inPart, type StoredTensor, storedLinear } from '../folder/stored-tensor.ts';

/** Scores of each position as first and as last of an answer, each [B, T]. */
export interface SpanLogits {
  readonly start: tf.Tensor2D;
  readonly end: tf.Tensor2D;
}

/** Finds an answer in a text (SQuAD): a map of each token's state to two scores. Owns the encoder. */
export class SpanExtractor implements ParameterOwner, StoredModel {
  readonly base: EncoderModel;
  readonly family: string;
  readonly architecture = 'ForQuestionAnswering';
  readonly outputs: Linear; // [H, 2]

  constructor(base: EncoderModel, streams: RandomStreams) {
    const { width, initialDeviation } = base.sizes;
    this.base = base;
    this.family = base.family;
    this.outputs = new Linear(
      { inputs: width, outputs: 2, initializer: normal(initialDeviation) },
      streams.init,
    );
  }

  logits(inputs: EncoderInputs, options: ApplyOptions = {}): SpanLogits {
    const [batch, length] = inputs.tokens.shape;
    return tf.tidy(() => {
      const both = this.outputs.apply(this.base.encoder.encode(inputs, options)); // [B, T, 2]
      const [start, end] = tf.split(both, 2, -1) as [tf.Tensor, tf.Tensor];
      const shape: [number, number] = [batch, length];
      return { start: start.reshape<tf.Tensor2D>(shape), end: end.reshape<tf.Tensor2D>(shape) };
    });
  }

  /**
   * Mean of the cross-entropies of the first and of the last position.
   * @param starts int32 [B], each below T; so `ends`
   */
  loss(inputs: EncoderInputs, starts: tf.Tensor1D, ends: tf.Tensor1D, options: ApplyOptions = {}): tf.Scalar {
    return tf.tidy(() => {
      const { start, end } = this.logits(inputs, options);
      return tf.mul(tf.add(crossEntropy(start, starts), crossEntropy(end, ends)), 0.5) as tf.Scalar;
    });
  }

  settings(): Readonly<Record<string, unknown>> {
    return this.base.settings();
  }

  stored(): StoredTensor[] {
    return [...this.base.stored(), ...inPart('head', storedLinear('qa_outputs', this.outputs))];
  }

  parameters(): Parameter[] {
    return [...prefixParameters('base', this.base), ...prefixParameters('outputs', this.outputs)];
  }

  dispose(): void {
    this.base.dispose();
    this.outputs.dispose();
  }
}
