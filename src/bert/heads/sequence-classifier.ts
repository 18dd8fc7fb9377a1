import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../errors.ts';
import type { EncoderInputs } from '../../nn/encoder/index.ts';
import {
  type ApplyOptions,
  crossEntropy,
  Linear,
  normal,
  type Parameter,
  prefixParameters,
} from '../../nn/index.ts';
import type { RandomStreams } from '../../random/index.ts';
import type { EncoderModel } from '../encoder-model.ts';
import { inPart, type StoredTensor, storedLinear } from '../folder/stored-tensor.ts';
import { PooledEncoder } from './pooled-encoder.ts';

/** Tells classes of texts or pairs of texts: pooler, then a map to one score for each class. */
export class SequenceClassifier extends PooledEncoder {
  override readonly architecture = 'ForSequenceClassification';
  /** In the order of the scores. */
  readonly labels: readonly string[];
  readonly classifier: Linear; // [H, C]

  /** @throws UserError for fewer than two labels, or two that are equal */
  constructor(base: EncoderModel, labels: readonly string[], streams: RandomStreams) {
    if (labels.length < 2 || new Set(labels).size < labels.length)
      throw new UserError(`A classifier needs at least two different labels, got: ${labels.join(', ')}.`);
    super(base, streams);
    const { width, initialDeviation } = base.sizes;
    this.labels = labels;
    this.classifier = new Linear(
      { inputs: width, outputs: labels.length, initializer: normal(initialDeviation) },
      streams.init,
    );
  }

  /** [B, C] */
  logits(inputs: EncoderInputs, options: ApplyOptions = {}): tf.Tensor2D {
    return tf.tidy(() => this.classifier.apply(this.pool(inputs, options)) as tf.Tensor2D);
  }

  /**
   * Mean cross-entropy.
   * @param labels int32 [B]
   */
  loss(inputs: EncoderInputs, labels: tf.Tensor1D, options: ApplyOptions = {}): tf.Scalar {
    return tf.tidy(() => crossEntropy(this.logits(inputs, options), labels));
  }

  override settings(): Readonly<Record<string, unknown>> {
    return {
      ...super.settings(),
      id2label: Object.fromEntries(this.labels.map((label, id) => [String(id), label])),
      label2id: Object.fromEntries(this.labels.map((label, id) => [label, id])),
      problem_type: 'single_label_classification',
    };
  }

  override stored(): StoredTensor[] {
    return [...super.stored(), ...inPart('head', storedLinear('classifier', this.classifier))];
  }

  override parameters(): Parameter[] {
    return [...super.parameters(), ...prefixParameters('classifier', this.classifier)];
  }

  override dispose(): void {
    super.dispose();
    this.classifier.dispose();
  }
}
