import * as tf from '@tensorflow/tfjs';
import type { EncoderInputs } from '../../nn/encoder/index.ts';
import { type ApplyOptions, Linear, normal, type Parameter, prefixParameters } from '../../nn/index.ts';
import type { RandomStreams } from '../../random/index.ts';
import type { EncoderModel } from '../encoder-model.ts';
import { inPart, type StoredTensor, storedLinear } from '../folder/stored-tensor.ts';
import { PooledEncoder } from './pooled-encoder.ts';

/** Gives a text or a pair of texts one number, such as STS-B's similarity: pooler, then a map to it. */
export class SequenceRegressor extends PooledEncoder {
  override readonly architecture = 'ForSequenceClassification';
  readonly classifier: Linear; // [H, 1]

  constructor(base: EncoderModel, streams: RandomStreams) {
    super(base, streams);
    const { width, initialDeviation } = base.sizes;
    this.classifier = new Linear(
      { inputs: width, outputs: 1, initializer: normal(initialDeviation) },
      streams.init,
    );
  }

  /** [B] */
  values(inputs: EncoderInputs, options: ApplyOptions = {}): tf.Tensor1D {
    return tf.tidy(() => this.classifier.apply(this.pool(inputs, options)).reshape([-1]));
  }

  /**
   * Mean squared error.
   * @param targets float32 [B]
   */
  loss(inputs: EncoderInputs, targets: tf.Tensor1D, options: ApplyOptions = {}): tf.Scalar {
    return tf.tidy(() => tf.mean(tf.square(tf.sub(this.values(inputs, options), targets))));
  }

  override settings(): Readonly<Record<string, unknown>> {
    const id2label = { '0': 'LABEL_0' };
    return { ...super.settings(), id2label, label2id: { LABEL_0: 0 }, problem_type: 'regression' };
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
