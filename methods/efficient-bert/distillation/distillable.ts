import * as tf from '@tensorflow/tfjs';
import {
  type EncoderModel,
  SequenceClassifier,
  SequenceRegressor,
  SpanExtractor,
} from '../../../src/bert/index.ts';
import type { EncoderInputs } from '../../../src/nn/encoder/index.ts';
import type { ApplyOptions } from '../../../src/nn/index.ts';

/** An encoder alone, or with one of the heads of the tasks: BERT, EfficientBERT and others, from folders or new. */
export type Distillable = EncoderModel | SequenceClassifier | SequenceRegressor | SpanExtractor;

/** What a head predicts. */
export type TaskKind = 'classes' | 'score' | 'span';

/** What is compared of a forward pass; whoever asked for it owns all tensors. */
export interface ModelTrace {
  /** The embedding, then the output of each block: N + 1 tensors [B, L, H]. */
  readonly hidden: readonly tf.Tensor3D[];
  /** Of each block before softmax, padding at −10,000: N tensors [B, h, L, L]. */
  readonly scores: readonly tf.Tensor4D[];
  /** Logits [B, C], scores [B, 1], or of each position as first and as last [B, 2L]; undefined without a head. */
  readonly predictions: tf.Tensor2D | undefined;
}

export function encoderOf(model: Distillable): EncoderModel {
  return 'base' in model ? model.base : model;
}

/** Undefined for an encoder alone. */
export function taskKindOf(model: Distillable): TaskKind | undefined {
  if (model instanceof SequenceClassifier) return 'classes';
  if (model instanceof SequenceRegressor) return 'score';
  return model instanceof SpanExtractor ? 'span' : undefined;
}

/** One forward pass with everything on the way. @throws UserError as `Encoder.trace` */
export function traceModel(
  model: Distillable,
  inputs: EncoderInputs,
  options: ApplyOptions = {},
): ModelTrace {
  return tf.tidy(() => {
    const { hidden, scores } = encoderOf(model).encoder.trace(inputs, options);
    return {
      hidden: [...hidden],
      scores: [...scores],
      predictions: predict(model, hidden.at(-1) as tf.Tensor3D, options),
    };
  }) as ModelTrace;
}

/** @param last output of the last block [B, L, H] */
function predict(model: Distillable, last: tf.Tensor3D, options: ApplyOptions): tf.Tensor2D | undefined {
  if (model instanceof SequenceClassifier || model instanceof SequenceRegressor)
    return model.classifier.apply(model.pooler.apply(last, options)) as tf.Tensor2D;
  if (!(model instanceof SpanExtractor)) return undefined;
  const both = model.outputs.apply(last); // [B, L, 2]
  return tf.transpose(both, [0, 2, 1]).reshape([both.shape[0], -1]);
}
