/** Float64 oracles of attention, the pre-norm block and the decoder-only model, one sequence at a time, in plain loops. */

import { at, gelu, layerNorm, linear, type Matrix, maskedSoftmax, row, type Vector } from './functions.ts';

export interface LinearWeights {
  readonly weight: Matrix;
  readonly bias: Vector;
}

export interface AttentionWeights {
  /** [D][3D]: queries, keys, values. */
  readonly queryKeyValue: LinearWeights;
  readonly output: LinearWeights;
}

export interface NormWeights {
  readonly gain: Vector;
  readonly bias: Vector;
}

export interface BlockWeights {
  readonly attentionNorm: NormWeights;
  readonly attention: AttentionWeights;
  readonly mlpNorm: NormWeights;
  readonly mlp: { readonly expand: LinearWeights; readonly contract: LinearWeights };
}

export interface ModelWeights {
  readonly tokens: { readonly weight: Matrix };
  readonly positions?: { readonly weight: Matrix };
  readonly blocks: readonly BlockWeights[];
  readonly finalNorm: NormWeights;
  readonly head?: { readonly weight: Matrix };
}

/** Changes the scores [Tq][Tk] of one head. */
export type ProcessScores = (scores: Matrix, head: number) => Matrix;

/** @param x [T][D] */
export function attention(
  x: Matrix,
  weights: AttentionWeights,
  options: { heads: number; causal: boolean; process?: ProcessScores },
): number[][] {
  const { heads, causal, process = (scores) => scores } = options;
  const width = row(x, 0).length;
  const headDim = width / heads;
  const projected = linear(x, weights.queryKeyValue.weight, weights.queryKeyValue.bias);
  const component = (position: number, part: number, head: number, i: number) =>
    at(row(projected, position), part * width + head * headDim + i);
  const joined = x.map(() => new Array<number>(width).fill(0));
  for (let head = 0; head < heads; head++) {
    const scores = x.map((_, query) =>
      x.map((_, key) => {
        let product = 0;
        for (let i = 0; i < headDim; i++)
          product += component(query, 0, head, i) * component(key, 1, head, i);
        return product / Math.sqrt(headDim);
      }),
    );
    const attentionWeights = maskedSoftmax(process(scores, head), causal);
    joined.forEach((output, query) => {
      for (let i = 0; i < headDim; i++) {
        let sum = 0;
        for (let key = 0; key < x.length; key++) {
          sum += at(row(attentionWeights, query), key) * component(key, 2, head, i);
        }
        output[head * headDim + i] = sum;
      }
    });
  }
  return linear(joined, weights.output.weight, weights.output.bias);
}

/** @param x [T][D] */
export function transformerBlock(
  x: Matrix,
  weights: BlockWeights,
  options: { heads: number; causal: boolean; epsilon: number; process?: ProcessScores },
): number[][] {
  const { attentionNorm, mlpNorm, mlp } = weights;
  const attended = attention(
    layerNorm(x, attentionNorm.gain, attentionNorm.bias, options.epsilon),
    weights.attention,
    options,
  );
  const h = add(x, attended);
  const expanded = linear(
    layerNorm(h, mlpNorm.gain, mlpNorm.bias, options.epsilon),
    mlp.expand.weight,
    mlp.expand.bias,
  );
  const activated = expanded.map((values) => values.map(gelu));
  return add(h, linear(activated, mlp.contract.weight, mlp.contract.bias));
}

/**
 * @param tokens of one sequence
 * @returns logits [T][V]
 */
export function languageModel(
  tokens: Vector,
  weights: ModelWeights,
  options: { heads: number; epsilon: number },
): number[][] {
  let x: Matrix = tokens.map((token, position) => {
    const embedding = row(weights.tokens.weight, token);
    const { positions } = weights;
    return positions
      ? embedding.map((value, i) => value + at(row(positions.weight, position), i))
      : embedding;
  });
  for (const block of weights.blocks) x = transformerBlock(x, block, { ...options, causal: true });
  const normalized = layerNorm(x, weights.finalNorm.gain, weights.finalNorm.bias, options.epsilon);
  if (weights.head) return linear(normalized, weights.head.weight);
  return normalized.map((values) =>
    weights.tokens.weight.map((embedding) =>
      embedding.reduce((sum, value, i) => sum + value * at(values, i), 0),
    ),
  );
}

function add(a: Matrix, b: Matrix): number[][] {
  return a.map((values, i) => values.map((value, j) => value + at(row(b, i), j)));
}
