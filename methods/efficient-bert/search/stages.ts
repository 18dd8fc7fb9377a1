import { UserError } from '../../../src/errors.ts';
import { type Expression, printExpression } from '../expression.ts';
import { parseExpression } from '../expression-parser.ts';
import { type HeightRange, refusalsOf, SEARCHED_HEIGHTS } from '../legality.ts';
import { FFN_SIZES, type ParameterWindow, plainName, withSize } from './sizes.ts';

/** One stage of the search, as the authors run it. */
export interface SearchStage {
  readonly varies: 'operations and sizes' | 'operations' | 'sizes';
  /** Whether the number of parameters varies, and so must be kept within the window. */
  readonly windowed: boolean;
  /** Tries to mutate a layer's expression before it is taken as it is. */
  readonly mutationTries: number;
  /** Draws outside the window before `outsideWindow` of the mode. */
  readonly windowTries: number;
  /** How many rows of the stage are scored first, before any proposal; the others only seed proposals. */
  readonly startRows: number;
}

/** Coarse to fine: everything, then operations with the sizes that won, then sizes with the operations that won. */
export const SEARCH_STAGES = {
  'stage-1': {
    varies: 'operations and sizes',
    windowed: true,
    mutationTries: 1000,
    windowTries: 1000,
    startRows: 1,
  },
  'stage-2': {
    varies: 'operations',
    windowed: false,
    mutationTries: 400,
    windowTries: 0,
    startRows: 2,
  },
  'stage-3': {
    varies: 'sizes',
    windowed: true,
    mutationTries: 0,
    windowTries: 10_000,
    startRows: 1,
  },
} as const satisfies Record<string, SearchStage>;

export type StageName = keyof typeof SEARCH_STAGES;

/** What a run of a stage can choose; the authors' values. */
export interface SearchSettings {
  /** Of the trees. */
  readonly heights: HeightRange;
  /** Of the whole model. */
  readonly window: ParameterWindow;
  /** Candidates before the partition is first learned. */
  readonly initialCandidates: number;
  /** Candidates between two fits of the partition. */
  readonly interval: number;
  /** The authors' million means: until somebody stops it. */
  readonly totalCandidates: number;
  /** Draws that one candidate may take, with the filter, and as many again without. */
  readonly maxDraws: number;
  /** Numbers of scores up to which the partition has 1, 2, 3 and 4 levels; above, one more. */
  readonly partitionBounds: readonly number[];
}

export const SEARCH_SETTINGS: SearchSettings = {
  heights: SEARCHED_HEIGHTS,
  window: { min: 15_000_000, max: 16_000_000 },
  initialCandidates: 80,
  interval: 10,
  totalCandidates: 1_000_000,
  maxDraws: 20_000,
  partitionBounds: [400, 800, 1600, 3200],
};

/** Seed of the authors' search. */
export const SEARCH_SEED = 42;

/** Expressions of all layers. */
export type ArchitectureRow = readonly string[];

/** The sixteen architectures with BERT's operations and one size in all layers. */
export function firstStageRows(layers: number): ArchitectureRow[] {
  return FFN_SIZES.map((size) => new Array<string>(layers).fill(plainName(size)));
}

/**
 * The winner of the first stage, and it without the activations that are outermost in a layer.
 * @throws UserError for a layer that is not legal
 */
export function secondStageRows(winner: ArchitectureRow): ArchitectureRow[] {
  const bare = winner.map((text) => {
    const expression = legal(text);
    if (expression.kind !== 'activation' || refusalsOf(expression.input).length > 0) return text;
    return printExpression(expression.input);
  });
  return [[...winner], bare];
}

/**
 * The winner of the second stage, and its operations in each of the sixteen sizes.
 * @throws UserError for a layer that is not legal
 */
export function thirdStageRows(winner: ArchitectureRow): ArchitectureRow[] {
  const expressions = winner.map(legal);
  const sized = FFN_SIZES.map((size) =>
    expressions.map((expression) => printExpression(withSize(expression, size))),
  );
  return [[...winner], ...sized];
}

function legal(text: string): Expression {
  const [refusal] = refusalsOf(text);
  if (refusal) throw new UserError(`${text} is not legal. ${refusal.reason}`);
  return parseExpression(text);
}
