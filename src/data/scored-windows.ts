import * as tf from '@tensorflow/tfjs';
import { type Batch, evaluationStarts } from './windows.ts';

/**
 * How a language model is tested at several lengths.
 *
 * - `end-aligned`: the same tokens are scored at every length, and only how much stands before them differs.
 * - `last`: the last tokens of windows that follow each other; every length has other text. The papers of DAPE and CDAPE.
 * - `whole`: all tokens of such windows, those with little before them too. What the authors' code does.
 */
export const scoringProtocols = ['end-aligned', 'last', 'whole'] as const;
export type ScoringProtocol = (typeof scoringProtocols)[number];

export interface ScoringOptions {
  readonly protocol: ScoringProtocol;
  /** T, tokens that the model is given. */
  readonly length: number;
  /** The largest T of the comparison: the first token that is scored has so many before it, if the ends are aligned. */
  readonly longest: number;
  /** n, how many are scored at the end of each window; at most T of them. `whole` scores T. */
  readonly scored: number;
  /** At most so many. */
  readonly windows: number;
}

export interface ScoredWindows {
  readonly length: number;
  readonly scored: number;
  /** Index of the last target of each window. */
  readonly ends: readonly number[];
}

/** Where the windows are, in a split of so many tokens. @throws RangeError if not one fits */
export function scoredWindows(tokens: number, options: ScoringOptions): ScoredWindows {
  const { protocol, length, longest, windows } = options;
  const needed = protocol === 'end-aligned' ? longest : length;
  if (tokens < needed + 1) {
    throw new RangeError(`A window of ${needed} tokens and its successor do not fit into ${tokens} tokens.`);
  }
  const scored = protocol === 'whole' ? length : Math.min(options.scored, length);
  if (protocol !== 'end-aligned') {
    const shape = { batchSize: windows, context: length };
    const starts = [...evaluationStarts({ length: tokens }, shape, windows)].flat();
    return { length, scored, ends: starts.map((start) => start + length) };
  }
  const places = tokens - longest; // ends from `longest` on
  // Not closer than n, so that no target counts twice.
  const count = Math.max(1, Math.min(windows, Math.floor(places / options.scored)));
  const ends = Array.from({ length: count }, (_, i) => longest + Math.floor((i * places) / count));
  return { length, scored, ends };
}

/** Tokens int32 [B, T]; targets int32 [B, n], those of the last n tokens. Whoever asked for them disposes both. */
export function* scoredBatches(
  split: ArrayLike<number>,
  { length, scored, ends }: ScoredWindows,
  batchSize: number,
): Generator<Batch, void, undefined> {
  for (let first = 0; first < ends.length; first += batchSize) {
    const some = ends.slice(first, first + batchSize);
    const tokens = some.flatMap((end) => cut(split, end - length, length));
    const targets = some.flatMap((end) => cut(split, end - scored + 1, scored));
    yield {
      tokens: tf.tensor2d(tokens, [some.length, length], 'int32'),
      targets: tf.tensor2d(targets, [some.length, scored], 'int32'),
    };
  }
}

function cut(split: ArrayLike<number>, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => split[from + i] as number);
}
