import * as tf from '@tensorflow/tfjs';
import { softCrossEntropy } from '../search/soft-cross-entropy.ts';
import type { TaskKind } from './distillable.ts';
import type { DistillationManner } from './modes.ts';

/** As of the scores of padding. */
const MASKED_LOGIT = -10_000;

/** What a loss on predictions compares. */
export interface Predictions {
  /** zˢ, as `ModelTrace.predictions` */
  readonly student: tf.Tensor2D;
  /** zᵀ of the same shape; no gradient flows to it */
  readonly teacher: tf.Tensor2D;
  /** y [B, k]; read by a regression in faithful mode alone */
  readonly labels: tf.Tensor2D;
  /** [B, L], 1 for padding; of spans */
  readonly padding: tf.Tensor2D;
}

export interface PredictionLossOptions {
  /** τ. Default 1. */
  readonly temperature?: number;
  readonly manner: DistillationManner;
}

/**
 * L_pred.
 *
 *   classes  −mean_{b,c} softmax(zᵀ/τ)·log softmax(zˢ/τ)      mended: summed over c, and times τ²
 *   score    mean (zˢ − y)²                                   mended: (zˢ − zᵀ)²
 *   span     the same as classes over the positions, first and last added, padding and position 0 masked
 *            mended: first and last averaged, and position 0, which stands for no answer, takes part
 *
 * @returns a scalar
 */
export function predictionLoss(
  kind: TaskKind,
  predictions: Predictions,
  { temperature = 1, manner }: PredictionLossOptions,
): tf.Scalar {
  const { student, teacher, labels } = predictions;
  return tf.tidy(() => {
    if (kind === 'score') {
      const target = manner.regressionTarget === 'teacher' ? teacher : tf.cast(labels, 'float32');
      return tf.mean(tf.square(tf.sub(student, target))) as tf.Scalar;
    }
    const whole = manner.crossEntropy === 'sum over classes, τ²';
    const crossEntropy = (own: tf.Tensor2D, taught: tf.Tensor2D) => {
      const loss = softCrossEntropy(own, taught, temperature);
      return whole ? tf.mul(loss, own.shape[1] * temperature ** 2) : loss;
    };
    if (kind === 'classes') return crossEntropy(student, teacher) as tf.Scalar;
    const mask = spanMask(predictions.padding, manner);
    const halves = (logits: tf.Tensor2D) =>
      (tf.split(logits, 2, 1) as tf.Tensor2D[]).map((half) => tf.add(half, mask) as tf.Tensor2D);
    const [start, end] = halves(student) as [tf.Tensor2D, tf.Tensor2D];
    const [taughtStart, taughtEnd] = halves(teacher) as [tf.Tensor2D, tf.Tensor2D];
    const sum = tf.add(crossEntropy(start, taughtStart), crossEntropy(end, taughtEnd));
    return (whole ? tf.div(sum, 2) : sum) as tf.Scalar;
  });
}

/** Added to the logits [B, L] of what is no answer. */
function spanMask(padding: tf.Tensor2D, { spanAtFirst }: DistillationManner): tf.Tensor2D {
  const hidden = tf.cast(padding, 'float32');
  if (spanAtFirst === 'allowed') return tf.mul(hidden, MASKED_LOGIT);
  const [, length] = padding.shape;
  const first = tf.tensor2d([1, ...new Array<number>(length - 1).fill(0)], [1, length]);
  return tf.mul(tf.maximum(hidden, first), MASKED_LOGIT);
}
