/**
 * EfficientBERT's searched feed-forward network (Dong et al., Findings of EMNLP 2021; arXiv 2109.07222), after the authors' code
 * at cheneydon/efficient-bert@e4b3025.
 *
 *   wb₁ = W₁[:, :e], b₁[:e]      [H, e]    e = ⌊r·F⌋
 *   wb₂ = W₂[:e, :], b₂          [e, H]
 *   FFN(u) = LN(u + dropout(f(u, wb₁, wb₂)))
 *   block(u) = FFN_k(… FFN₁(u) …)          k times the same f and r, each with weights of its own
 *
 * f is the searched expression, with everything outside wb₂ inside the residual branch.
 * Shapes: N rows (batch times length), H width, F hidden width, e expanded width, r expansion ratio, k stacked networks.
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import { layerNorm } from '../../src/nn/index.ts';
import { type AffineWeights, evaluateExpression } from './evaluate.ts';
import type { Expression } from './expression.ts';
import type { WidthRule } from './width-rule.ts';

/** What is computed, without weights. */
export interface FfnBlock {
  /** f */
  readonly expression: Expression;
  /** k */
  readonly stackedFfn: number;
  /** e; how many of the F hidden units take part, from the first. */
  readonly expanded: number;
  readonly widthRule: WidthRule;
  /** Of the LayerNorm. */
  readonly epsilon: number;
}

/** Weights of one feed-forward network, with at least e hidden units. */
export interface FfnWeights {
  readonly expand: AffineWeights; // W₁ [H, F], b₁ [F]
  readonly contract: AffineWeights; // W₂ [F, H], b₂ [H]
  readonly norm: { readonly gain: tf.Tensor1D; readonly bias: tf.Tensor1D }; // [H]
}

/**
 * The block as a pure function. Weights may be those of a supernet: wider and more than `block` takes; the rest gets no
 * gradient, or zeros.
 *
 * @param u [N, H]
 * @param weights of at least k networks
 * @param drop dropout of each residual branch; default none
 * @returns [N, H]
 * @throws UserError for weights of fewer networks
 */
export function efficientBertFfn(
  u: tf.Tensor2D,
  weights: readonly FfnWeights[],
  block: FfnBlock,
  drop: (branch: tf.Tensor2D) => tf.Tensor2D = (branch) => branch,
): tf.Tensor2D {
  if (weights.length < block.stackedFfn) {
    throw new UserError(
      `efficientBertFfn: ${block.stackedFfn} stacked networks need as many weights, got ${weights.length}.`,
    );
  }
  return tf.tidy(() => {
    let output = u;
    for (const { expand, contract, norm } of weights.slice(0, block.stackedFfn)) {
      const wb1 = {
        weight: leading(expand.weight, block.expanded, 1),
        bias: leading(expand.bias, block.expanded, 0),
      };
      const wb2 = { weight: leading(contract.weight, block.expanded, 0), bias: contract.bias };
      const branch = evaluateExpression(block.expression, output, { wb1, wb2 }, block.widthRule);
      const residual = tf.add(output, drop(branch));
      output = layerNorm(residual, norm.gain, norm.bias, block.epsilon) as tf.Tensor2D;
    }
    return output;
  });
}

/** The first `count` along an axis; the gradient of what is left out is zero. */
function leading<T extends tf.Tensor>(x: T, count: number, axis: number): T {
  if (x.shape[axis] === count) return x;
  const size = x.shape.map((length, i) => (i === axis ? count : length));
  return tf.slice(x, new Array<number>(x.rank).fill(0), size);
}

/** e = ⌊r·F⌋: 540 gives 540, 270, 180, 135. */
export function expandedWidth(hidden: number, expansionRatio: number): number {
  return Math.trunc(expansionRatio * hidden);
}

/** Trained numbers of k networks of width H, expanded to e: k·(2He + e + H + 2H). */
export function ffnParameters(width: number, expanded: number, stackedFfn: number): number {
  return stackedFfn * (2 * width * expanded + expanded + width + 2 * width);
}
