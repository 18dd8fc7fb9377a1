/** Float64 oracles of the post-norm encoder, one sequence at a time, in plain loops. */

import { at, gelu, layerNorm, linear, type Matrix, row, softmax, type Vector } from './functions.ts';

export interface LinearWeights {
  readonly weight: Matrix;
  readonly bias: Vector;
}

export interface NormWeights {
  readonly gain: Vector;
  readonly bias: Vector;
}

export interface EncoderBlockWeights {
  /** `queryKeyValue` [D][3D]: queries, keys, values. */
  readonly attention: { readonly queryKeyValue: LinearWeights; readonly output: LinearWeights };
  readonly attentionNorm: NormWeights;
  readonly feedForward: {
    readonly inner: { readonly expand: LinearWeights; readonly contract: LinearWeights };
    readonly norm: NormWeights;
  };
}

export interface EncoderWeights {
  readonly embedding: {
    readonly tokens: { readonly weight: Matrix };
    readonly segments: { readonly weight: Matrix };
    readonly positions: { readonly weight: Matrix };
    readonly norm: NormWeights;
  };
  readonly blocks: readonly EncoderBlockWeights[];
}

export interface EncoderOracleOptions {
  readonly heads: number;
  readonly epsilon: number;
  readonly activation?: (x: number) => number;
}

/** QKᵀ/√d, less 10,000 at keys that are padding. @returns [H][T][T] */
export function attentionScores(
  x: Matrix,
  projection: LinearWeights,
  heads: number,
  padding: Vector,
): number[][][] {
  const width = row(x, 0).length;
  const depth = width / heads;
  const projected = linear(x, projection.weight, projection.bias);
  return Array.from({ length: heads }, (_, head) =>
    projected.map((query) =>
      projected.map((key, k) => {
        let product = 0;
        for (let i = head * depth; i < (head + 1) * depth; i++) product += at(query, i) * at(key, width + i);
        return product / Math.sqrt(depth) - 10_000 * at(padding, k);
      }),
    ),
  );
}

export function encoderBlock(
  x: Matrix,
  { attention, attentionNorm, feedForward }: EncoderBlockWeights,
  padding: Vector,
  { heads, epsilon, activation = gelu }: EncoderOracleOptions,
): number[][] {
  const width = row(x, 0).length;
  const depth = width / heads;
  const values = linear(x, attention.queryKeyValue.weight, attention.queryKeyValue.bias);
  const scores = attentionScores(x, attention.queryKeyValue, heads, padding);
  const joined = x.map((_, query) =>
    Array.from({ length: width }, (_unused, i) => {
      const weights = softmax((scores[Math.floor(i / depth)] as number[][])[query] as number[]);
      return values.reduce((sum, value, key) => sum + at(weights, key) * at(value, 2 * width + i), 0);
    }),
  );
  const attended = linear(joined, attention.output.weight, attention.output.bias);
  const h = layerNorm(add(x, attended), attentionNorm.gain, attentionNorm.bias, epsilon);
  const { inner, norm } = feedForward;
  const hidden = linear(h, inner.expand.weight, inner.expand.bias).map((units) => units.map(activation));
  const contracted = linear(hidden, inner.contract.weight, inner.contract.bias);
  return layerNorm(add(h, contracted), norm.gain, norm.bias, epsilon);
}

/** The embedding, then the output of each block. */
export function encoder(
  { tokens, segments, padding }: { tokens: Vector; segments: Vector; padding: Vector },
  { embedding, blocks }: EncoderWeights,
  options: EncoderOracleOptions,
): number[][][] {
  const sums = tokens.map((token, position) =>
    row(embedding.tokens.weight, token).map(
      (value, i) =>
        value +
        at(row(embedding.segments.weight, at(segments, position)), i) +
        at(row(embedding.positions.weight, position), i),
    ),
  );
  const hidden = [layerNorm(sums, embedding.norm.gain, embedding.norm.bias, options.epsilon)];
  for (const block of blocks) hidden.push(encoderBlock(hidden.at(-1) as Matrix, block, padding, options));
  return hidden;
}

function add(a: Matrix, b: Matrix): number[][] {
  return a.map((values, i) => values.map((value, j) => value + at(row(b, i), j)));
}
