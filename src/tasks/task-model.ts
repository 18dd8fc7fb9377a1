import * as tf from '@tensorflow/tfjs';
import type { SequenceClassifier, SequenceRegressor, SpanExtractor, StoredModel } from '../bert/index.ts';
import type { ParameterOwner } from '../nn/index.ts';
import type { TrainableModel } from '../training/index.ts';
import { unpackInputs } from './examples.ts';

/** An encoder with a head as fine-tuning and prediction see it; inputs packed as by `packExamples`. The model remains its owner's. */
export interface TaskModel extends TrainableModel {
  readonly model: StoredModel & ParameterOwner;
  readonly targetType: 'int32' | 'float32';
  /** @param inputs int32 [B, 3L] @returns [B, k], which the caller owns; dropout is off */
  outputs(inputs: tf.Tensor2D): tf.Tensor2D;
}

/** Targets: the class. Outputs: logits [B, C]. */
export function classificationTask(model: SequenceClassifier): TaskModel {
  return {
    model,
    targetType: 'int32',
    parameters: () => model.parameters(),
    loss: (inputs, targets, options) =>
      tf.tidy(() => model.loss(unpackInputs(inputs), targets.reshape<tf.Tensor1D>([-1]), options)),
    outputs: (inputs) => tf.tidy(() => model.logits(unpackInputs(inputs))),
  };
}

/** Targets: the number. Outputs: the number predicted [B, 1]. */
export function regressionTask(model: SequenceRegressor): TaskModel {
  return {
    model,
    targetType: 'float32',
    parameters: () => model.parameters(),
    loss: (inputs, targets, options) =>
      tf.tidy(() => model.loss(unpackInputs(inputs), targets.reshape<tf.Tensor1D>([-1]), options)),
    outputs: (inputs) => tf.tidy(() => model.values(unpackInputs(inputs)).expandDims<tf.Tensor2D>(1)),
  };
}

/** Targets: first and last position of the answer. Outputs: scores of each position as first, then as last, [B, 2L]. */
export function spanTask(model: SpanExtractor): TaskModel {
  return {
    model,
    targetType: 'int32',
    parameters: () => model.parameters(),
    loss: (inputs, targets, options) =>
      tf.tidy(() => {
        const [starts, ends] = tf.unstack(targets, 1) as [tf.Tensor1D, tf.Tensor1D];
        return model.loss(unpackInputs(inputs), starts, ends, options);
      }),
    outputs: (inputs) =>
      tf.tidy(() => {
        const { start, end } = model.logits(unpackInputs(inputs));
        return tf.concat2d([start, end], 1);
      }),
  };
}
