/**
 * The relative positions of Transformer-XL, without its memory. Dai et al., ACL 2019, arXiv 1901.02860, section 3.3.
 *
 *   A = ((q + u)·k + (q + v)·(Wᵣ·R(i − j))) / √d,   R(D) = [sin(D·ω), cos(D·ω)]
 *
 * u, v [H, d] at first N(0, 0.02²); Wᵣ [D, D] (here H·d wide) U(±1/√D), PyTorch's default; R as wide as the model, as in
 * sinusoidal.ts. In both directions D = i − j may be negative. One row of products for each distance, then moved into place.
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../../src/errors.ts';
import {
  type AttentionContext,
  createParameter,
  normal,
  type ParameterOwner,
  type ScoreProcessor,
} from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';
import { fanInUniform } from '../uniform.ts';
import { checkEven, sinusoids } from './sinusoidal.ts';

export interface TransformerXlOptions {
  /** H */
  readonly heads: number;
  /** D = H·d */
  readonly width: number;
}

/** @throws UserError for a width that is odd; when called, for an attention of other heads */
export function transformerXl(
  { heads, width }: TransformerXlOptions,
  stream: RandomStream,
): ScoreProcessor & ParameterOwner {
  checkEven('Transformer-XL: the width', width);
  const headDim = width / heads;
  const contentBias = createParameter('u', [heads, headDim], normal(0.02), stream, true);
  const positionBias = createParameter('v', [heads, headDim], normal(0.02), stream, true);
  const projection = createParameter('projection', [width, width], fanInUniform(width), stream, true); // Wᵣ
  const own = [contentBias, positionBias, projection];
  const process: ScoreProcessor = (scores, context) => {
    if (context.heads !== heads || context.headDim !== headDim) {
      throw new UserError(
        `Transformer-XL: made for ${heads} heads of ${headDim} numbers, but the attention has ${context.heads} of ` +
          `${context.headDim}.`,
      );
    }
    return tf.tidy(() => {
      const { queries, keys, keyLength } = context; // queries are divided by √d
      const ofEachHead = (bias: tf.Tensor) =>
        tf.mul(bias, 1 / Math.sqrt(headDim)).reshape([1, heads, 1, headDim]);
      const byContent = tf.sum(tf.mul(keys, ofEachHead(contentBias.variable)), 3); // u·k/√d [B, H, Tk]
      const moved = tf.add(queries, ofEachHead(positionBias.variable)) as tf.Tensor4D; // (q + v)/√d
      const byDistance = productsByDistance(moved, projection.variable, context);
      const byPosition = relativeShift(byDistance, keyLength);
      return tf.add(tf.add(scores, tf.expandDims(byContent, 2)), byPosition) as tf.Tensor4D;
    });
  };
  return Object.assign(process, {
    parameters: () => own,
    dispose: () => {
      for (const { variable } of own) variable.dispose();
    },
  });
}

/** (q + v)·(Wᵣ·R) for the distances from the largest down, [B, H, Tq, Tq + Tk − 1]; 0 at those of later keys if causal. */
function productsByDistance(
  queries: tf.Tensor4D,
  projection: tf.Tensor,
  { queryLength, keyLength, firstQuery, heads, headDim, causal }: AttentionContext,
): tf.Tensor4D {
  const all = queryLength + keyLength - 1;
  const largest = firstQuery + queryLength - 1;
  const used = causal ? Math.min(all, largest + 1) : all;
  const width = heads * headDim;
  const distances = Array.from({ length: used }, (_, n) => largest - n);
  const waves = tf.tensor2d(sinusoids(distances, width), [used, width]); // R
  const projected = tf.matMul(waves, projection as tf.Tensor2D); // [used, D]
  const perHead = projected.reshape([used, heads, headDim]).transpose([1, 2, 0]); // [H, d, used]
  // Repeated, not broadcast: the gradient of a broadcast product is wrong.
  const repeated = tf.tile(tf.expandDims(perHead, 0), [queries.shape[0], 1, 1, 1]);
  const products: tf.Tensor4D = tf.matMul(queries, repeated as tf.Tensor4D);
  return used === all ? products : tf.pad(products, [NONE, NONE, NONE, [0, all - used]]);
}

const NONE: [number, number] = [0, 0];

/**
 * Row i of x, [B, H, Tq, Tq + Tk − 1], moved left by Tq − 1 − i, and cut to Tk: out[i, j] = x[i, Tq − 1 − i + j]. Read as one row
 * after the other, without the first Tq − 1 numbers, in rows one shorter, that is what is there.
 */
export function relativeShift(x: tf.Tensor4D, keyLength: number): tf.Tensor4D {
  const [batch, heads, queries, columns] = x.shape;
  if (queries === 1) return x;
  return tf.tidy(() => {
    const rows = x.reshape([batch * heads, queries * columns]);
    const moved = rows.slice([0, queries - 1], [batch * heads, queries * (columns - 1)]);
    const shorter = moved.reshape([batch * heads, queries, columns - 1]);
    return shorter
      .slice([0, 0, 0], [batch * heads, queries, keyLength])
      .reshape([batch, heads, queries, keyLength]);
  });
}
