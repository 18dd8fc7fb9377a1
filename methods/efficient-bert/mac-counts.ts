import type { Architecture } from './architectures.ts';
import { resolveFfnBlock } from './config.ts';

/** Multiply-accumulates of one forward pass by component. */
export interface MacCounts {
  /** The map of the factorised embedding. */
  readonly embedding: number;
  /** Four maps, QKᵀ, and the weighted sum of values, for all layers. */
  readonly attention: number;
  readonly ffn: number;
  readonly total: number;
}

/**
 * Products of matrices for one sequence. Neither LayerNorm, softmax and activations, nor fit, pooler and heads are counted.
 *
 * @param length L, tokens of the sequence
 * @throws UserError as `resolveFfnBlock`
 */
export function macCounts(architecture: Architecture, length: number): MacCounts {
  const { expressions, width, hidden, widthRule, embeddingWidth } = architecture;
  const embedding = length * 3 * (embeddingWidth ?? 0) * width;
  const attention = expressions.length * (4 * length * width * width + 2 * length * length * width);
  let ffn = 0;
  for (const expression of expressions) {
    const { expanded, stackedFfn } = resolveFfnBlock({ expression, width, hidden, widthRule });
    ffn += stackedFfn * 2 * length * width * expanded;
  }
  return { embedding, attention, ffn, total: embedding + attention + ffn };
}
