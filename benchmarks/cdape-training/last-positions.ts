import * as tf from '@tensorflow/tfjs';
import { type Compiled, compile } from '../../src/compile/index.ts';
import { crossEntropy, type ParameterOwner } from '../../src/nn/index.ts';
import type { TrainableModel } from '../../src/training/index.ts';

/** A model of sequences: scores of V classes at every position. */
export interface SequenceModel extends ParameterOwner {
  /** @param tokens int32 [B, T] @returns [B, T, V] */
  logits(tokens: tf.Tensor2D, options?: { readonly training?: boolean }): tf.Tensor3D;
}

/** Trains a model on what it says at the last m positions: targets are int32 [B, m]. */
export function lastPositions(model: SequenceModel): TrainableModel {
  return {
    parameters: () => model.parameters(),
    loss: (tokens, targets, options) =>
      tf.tidy(() => {
        const scores = lastScores(model, tokens, targets.shape[1], options);
        return crossEntropy(scores, targets.reshape([targets.size]) as tf.Tensor1D);
      }),
  };
}

/** The likeliest class at each of the last m positions, int32 [B, m]; compiled. */
export function makePredictor(
  model: SequenceModel,
  m: number,
): Compiled<(tokens: tf.Tensor2D) => tf.Tensor2D> {
  return compile(
    (tokens: tf.Tensor2D): tf.Tensor2D =>
      tf.tidy(() => tf.argMax(lastScores(model, tokens, m), 1).reshape([tokens.shape[0], m])),
    { name: 'predict' },
  );
}

/** [B·m, V] */
function lastScores(
  model: SequenceModel,
  tokens: tf.Tensor2D,
  m: number,
  options: { readonly training?: boolean } = {},
): tf.Tensor2D {
  const [batch, length] = tokens.shape;
  const scores = model.logits(tokens, options); // [B, T, V]
  const classes = scores.shape[2];
  return scores.slice([0, length - m, 0], [batch, m, classes]).reshape([batch * m, classes]);
}
