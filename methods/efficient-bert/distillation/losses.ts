/**
 * Warm-up knowledge distillation (Dong et al., Findings of EMNLP 2021; arXiv 2109.07222), after the authors' code at
 * cheneydon/efficient-bert@e4b3025: what a student is taught by.
 *
 *   L_attn = Σ_l mean((Z(Aᵀ_t(l)) − Z(Aˢ_l))²)                              Z(a) = a where a > −100, else 0
 *   L_hidd = mean((Hᵀ₀ − fit(Hˢ₀))²) + Σ_l mean((Hᵀ_t(l)+1 − fit(Hˢ_l+1))²)   level 0: the embedding
 *   L      = hiddenRatio·(L_attn + L_hidd) + predictionRatio·L_pred          L_pred: prediction-loss.ts
 *
 * A are attention scores before softmax, H hidden states, fit one linear map for all levels to the teacher's width; t: layer-map.ts.
 * Shapes: B batch, h heads, L length, D the teacher's width.
 */
import * as tf from '@tensorflow/tfjs';
import { withGradient } from '../../../src/nn/index.ts';
import { meanOfAll } from '../../../src/optimizers/index.ts';
import type { DistillationManner } from './modes.ts';

/** At and below it a score is taken for one of padding: the authors' bound. */
const HIDDEN_SCORE = -100;

/**
 * L_attn: over the layers, the sum of the mean squared differences of the scores.
 *
 * @param student N tensors [B, h, L, L]
 * @param teacher those of the layers that it is compared with; no gradient flows to them
 * @param padding [B, L], 1 for padding
 * @returns a scalar
 */
export function attentionLoss(
  student: readonly tf.Tensor4D[],
  teacher: readonly tf.Tensor4D[],
  padding: tf.Tensor2D,
  manner: DistillationManner,
): tf.Scalar {
  return tf.tidy(() => {
    const token = tf.sub(1, tf.cast(padding, 'float32')); // [B, L]
    const asked = token.expandDims(1).expandDims(1); // [B, 1, 1, L]
    const pairs = manner.meanOver === 'tokens' ? tf.mul(token.expandDims(1).expandDims(3), asked) : undefined; // [B, 1, L, L]
    const seen = (scores: tf.Tensor4D): tf.Tensor => {
      if (manner.hiddenScores === 'at most −100') return withoutHidden(scores);
      return pairs === undefined ? tf.mul(scores, asked) : scores; // pairs have weights of 0 there
    };
    return sumOf(
      student.map((scores, l) => meanOfSquares(tf.sub(seen(teacher[l] as tf.Tensor4D), seen(scores)), pairs)),
    );
  });
}

/**
 * L_hidd: over the levels, the sum of the mean squared differences of the hidden states.
 *
 * @param student N + 1 tensors [B, L, D], fitted to the teacher's width
 * @param teacher those of the levels that it is compared with; no gradient flows to them
 * @param padding [B, L], 1 for padding
 * @returns a scalar
 */
export function hiddenLoss(
  student: readonly tf.Tensor3D[],
  teacher: readonly tf.Tensor3D[],
  padding: tf.Tensor2D,
  manner: DistillationManner,
): tf.Scalar {
  return tf.tidy(() => {
    const weights =
      manner.meanOver === 'tokens' ? tf.sub(1, tf.cast(padding, 'float32')).expandDims(2) : undefined; // [B, L, 1]
    return sumOf(
      student.map((state, level) => meanOfSquares(tf.sub(teacher[level] as tf.Tensor3D, state), weights)),
    );
  });
}

/** Z(a); its gradient is 1 where a > −100. */
function withoutHidden(scores: tf.Tensor4D): tf.Tensor4D {
  const kept = (values: tf.Tensor, by: tf.Tensor) =>
    tf.where(tf.greater(by, HIDDEN_SCORE), values, tf.zerosLike(values)) as tf.Tensor4D;
  return withGradient<tf.Tensor4D>(
    [scores],
    () => ({ value: kept(scores, scores), saved: [scores] }),
    (gradient, [saved]) => [kept(gradient, saved as tf.Tensor)],
  );
}

/** @param weights 0 or 1, of the same rank, 1 long where all elements share one; default 1 everywhere */
function meanOfSquares(difference: tf.Tensor, weights: tf.Tensor | undefined): tf.Tensor {
  const squares = tf.square(difference);
  if (weights === undefined) return meanOfAll(squares);
  const share = meanOfAll(weights); // of the elements that count
  return tf.div(meanOfAll(tf.mul(squares, weights)), share);
}

function sumOf(terms: readonly tf.Tensor[]): tf.Scalar {
  return terms.reduce((sum, term) => tf.add(sum, term)) as tf.Scalar;
}
