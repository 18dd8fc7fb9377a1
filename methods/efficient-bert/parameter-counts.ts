import type { Architecture } from './architectures.ts';
import { resolveFfnBlock } from './config.ts';
import { ffnParameters } from './mlp-block.ts';

/** Trained numbers by component. Pooler and task heads are not counted, the fit to the teacher's width is: the paper's way. */
export interface ParameterCounts {
  readonly embedding: number;
  readonly fit: number;
  readonly attention: number;
  readonly ffn: number;
  readonly total: number;
}

/**
 * Counts a model without building it.
 *
 * @throws UserError as `resolveFfnBlock`
 */
export function parameterCounts(architecture: Architecture): ParameterCounts {
  const { expressions, width, hidden, widthRule, fitWidth } = architecture;
  const embedding = embeddingParameters(architecture);
  const fit = fitWidth === undefined ? 0 : width * fitWidth + fitWidth;
  const attention = expressions.length * attentionParameters(width);
  let ffn = 0;
  for (const expression of expressions) {
    const { expanded, stackedFfn } = resolveFfnBlock({ expression, width, hidden, widthRule });
    ffn += ffnParameters(width, expanded, stackedFfn);
  }
  return { embedding, fit, attention, ffn, total: embedding + fit + attention + ffn };
}

/** Tokens, the map [3E, H] where they are factorised, segments, positions, LayerNorm. */
function embeddingParameters(architecture: Architecture): number {
  const { width, embeddingWidth, vocabulary, positions, segments } = architecture;
  const tokens =
    embeddingWidth === undefined
      ? vocabulary * width
      : vocabulary * embeddingWidth + (3 * embeddingWidth * width + width);
  return tokens + (segments + positions) * width + 2 * width;
}

/** Four maps [H, H] and a LayerNorm. */
function attentionParameters(width: number): number {
  return 4 * (width * width + width) + 2 * width;
}

/** Pooler and classifiers, which `parameterCounts` leaves out. @param classes of each classifier; a regression has 1 */
export function headParameters(width: number, classes: readonly number[]): number {
  const pooler = width * width + width;
  return classes.reduce((sum, count) => sum + count * width + count, pooler);
}

/**
 * The count that the authors' search goes by: the sum of a table whose entries (embedding with fit, attention of a layer, networks
 * of a layer) are rounded to 100 weights.
 */
export function tabulatedParameters(architecture: Architecture): number {
  const { expressions, width, hidden, widthRule } = architecture;
  const rounded = (count: number) => 100 * Math.round(count / 100);
  const { embedding, fit } = parameterCounts(architecture);
  return expressions.reduce(
    (sum, expression) => {
      const { expanded, stackedFfn } = resolveFfnBlock({ expression, width, hidden, widthRule });
      return sum + rounded(attentionParameters(width)) + rounded(ffnParameters(width, expanded, stackedFfn));
    },
    rounded(embedding + fit),
  );
}
