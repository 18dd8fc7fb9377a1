import * as tf from '@tensorflow/tfjs';
import { type EncoderInputs, Pooler } from '../../nn/encoder/index.ts';
import {
  type ApplyOptions,
  normal,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
} from '../../nn/index.ts';
import type { RandomStreams } from '../../random/index.ts';
import type { EncoderModel } from '../encoder-model.ts';
import type { StoredModel } from '../folder/stored-model.ts';
import { inPart, type StoredTensor, storedLinear } from '../folder/stored-tensor.ts';

/** An encoder with BERT's pooler, as Hugging Face's `BertModel`: one vector for each sequence. Owns both. */
export class PooledEncoder implements ParameterOwner, StoredModel {
  readonly base: EncoderModel;
  readonly pooler: Pooler;
  readonly family: string;
  readonly architecture: string = 'Model';

  constructor(base: EncoderModel, streams: RandomStreams) {
    const { width, initialDeviation, dropout } = base.sizes;
    this.base = base;
    this.family = base.family;
    this.pooler = new Pooler(
      {
        width,
        initializer: normal(initialDeviation),
        dropout: { rate: dropout, stream: streams.dropout },
      },
      streams.init,
    );
  }

  /** [B, H] */
  pool(inputs: EncoderInputs, options: ApplyOptions = {}): tf.Tensor2D {
    return tf.tidy(() => this.pooler.apply(this.base.encoder.encode(inputs, options), options));
  }

  settings(): Readonly<Record<string, unknown>> {
    return this.base.settings();
  }

  stored(): StoredTensor[] {
    return [...this.base.stored(), ...inPart('pooler', storedLinear('pooler.dense', this.pooler.dense))];
  }

  parameters(): Parameter[] {
    return [...prefixParameters('base', this.base), ...prefixParameters('pooler', this.pooler)];
  }

  dispose(): void {
    this.base.dispose();
    this.pooler.dispose();
  }
}
