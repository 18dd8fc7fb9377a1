import type { Architecture } from '../architectures.ts';
import {
  EXPANSION_RATIOS,
  type Expression,
  type FfnSize,
  linearsOf,
  MAX_STACKED_FFN,
} from '../expression.ts';
import { parameterCounts } from '../parameter-counts.ts';

/** All sizes of a layer in the authors' order: 1_1, 1_2, …, 4_4. A size's place in it is its feature in the third stage. */
export const FFN_SIZES: readonly FfnSize[] = Array.from({ length: MAX_STACKED_FFN }, (_, i) => i + 1).flatMap(
  (stackedFfn) => EXPANSION_RATIOS.map((expansionRatio) => ({ stackedFfn, expansionRatio })),
);

export function sizeIndex({ stackedFfn, expansionRatio }: FfnSize): number {
  return (stackedFfn - 1) * EXPANSION_RATIOS.length + EXPANSION_RATIOS.indexOf(expansionRatio);
}

/** The size that the linears of a legal expression share. */
export function sizeOf(expression: Expression): FfnSize | undefined {
  return linearsOf(expression)[0]?.size;
}

/** The expression with this size in every linear; undefined makes them anonymous. */
export function withSize(expression: Expression, size: FfnSize | undefined): Expression {
  switch (expression.kind) {
    case 'input':
      return expression;
    case 'linear':
      return { ...expression, input: withSize(expression.input, size), size };
    case 'activation':
      return { ...expression, input: withSize(expression.input, size) };
    case 'combination':
      return {
        ...expression,
        left: withSize(expression.left, size),
        right: withSize(expression.right, size),
      };
  }
}

/** A model's shape without what is searched. */
export type SearchedShape = Omit<Architecture, 'expressions'>;

/** Trained numbers of a model as a sum: they depend on the sizes of its layers only, not on their operations. */
export interface SizeTable {
  /** Embedding and fit to the teacher's width. */
  readonly base: number;
  /** Attention of one layer. */
  readonly attention: number;
  /** Feed-forward networks of one layer, by `sizeIndex`. */
  readonly ffn: readonly number[];
}

/** @param unit each entry is rounded to it; the authors' table is in ten-thousandths of a million, unit 100 */
export function sizeTable(shape: SearchedShape, unit = 1): SizeTable {
  const rounded = (count: number) => unit * Math.round(count / unit);
  const counts = FFN_SIZES.map((size) => parameterCounts({ ...shape, expressions: [plainName(size)] }));
  const [first] = counts as [(typeof counts)[0], ...typeof counts];
  return {
    base: rounded(first.embedding + first.fit),
    attention: rounded(first.attention),
    ffn: counts.map(({ ffn }) => rounded(ffn)),
  };
}

/** Trained numbers of a model whose layers have these sizes. */
export function parametersOf({ base, attention, ffn }: SizeTable, sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + attention + (ffn[size] as number), base);
}

/** Numbers of parameters that a search stays within, inclusive. */
export interface ParameterWindow {
  readonly min: number;
  readonly max: number;
}

/**
 * The window at the place where the paper's 15 to 16 million stand between the smallest and the largest model of its space: just
 * these for its own shape.
 */
export function paperWindow(shape: SearchedShape, layers: number): ParameterWindow {
  const table = sizeTable(shape);
  const all = FFN_SIZES.map((_, size) => parametersOf(table, new Array<number>(layers).fill(size)));
  const [smallest, largest] = [Math.min(...all), Math.max(...all)];
  const at = (count: number) => {
    const place = (count - PAPER_SMALLEST) / (PAPER_LARGEST - PAPER_SMALLEST);
    return Math.round(smallest + place * (largest - smallest));
  };
  return { min: at(15_000_000), max: at(16_000_000) };
}

/** EfficientBERT with one quarter of the width in all layers, and with four full networks in each. */
const PAPER_SMALLEST = 12_712_014;
const PAPER_LARGEST = 25_875_324;

/** BERT's own feed-forward network, in a size. */
export function plainName({ stackedFfn, expansionRatio }: FfnSize): string {
  const linear = `linear${stackedFfn}_${EXPANSION_RATIOS.indexOf(expansionRatio) + 1}`;
  return `${linear}(gelu(${linear}(x,wb1)),wb2)`;
}
