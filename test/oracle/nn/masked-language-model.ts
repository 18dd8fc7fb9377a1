/** Float64 oracle of the small bidirectional encoder with the head of a masked language model, one sequence at a time. */

import { at, gelu, layerNorm, linear, type Matrix, row, type Vector } from './functions.ts';
import {
  type BlockWeights,
  type LinearWeights,
  type NormWeights,
  transformerBlock,
} from './language-model.ts';

export interface MaskedModelWeights {
  readonly tokens: { readonly weight: Matrix };
  readonly positions: { readonly weight: Matrix };
  readonly embeddingNorm: NormWeights;
  readonly blocks: readonly BlockWeights[];
  readonly finalNorm: NormWeights;
  readonly transform: LinearWeights;
  readonly transformNorm: NormWeights;
  readonly head: { readonly bias: Vector };
}

/**
 * @param tokens of one sequence
 * @returns logits [T][V]
 */
export function maskedLanguageModel(
  tokens: Vector,
  weights: MaskedModelWeights,
  options: { heads: number; epsilon: number },
): number[][] {
  const norm = (x: Matrix, { gain, bias }: NormWeights) => layerNorm(x, gain, bias, options.epsilon);
  let x: Matrix = norm(
    tokens.map((token, position) =>
      row(weights.tokens.weight, token).map(
        (value, i) => value + at(row(weights.positions.weight, position), i),
      ),
    ),
    weights.embeddingNorm,
  );
  for (const block of weights.blocks) x = transformerBlock(x, block, { ...options, causal: false });
  const mapped = linear(norm(x, weights.finalNorm), weights.transform.weight, weights.transform.bias);
  const hidden = norm(
    mapped.map((values) => values.map(gelu)),
    weights.transformNorm,
  );
  return hidden.map((values) =>
    weights.tokens.weight.map((embedding, token) =>
      embedding.reduce((sum, value, i) => sum + value * at(values, i), at(weights.head.bias, token)),
    ),
  );
}
