import type { StoredComparison } from '../../src/experiment/stored-comparison.ts';

/** What was measured at one length, as it is stored. */
export interface LengthResult {
  readonly length: number;
  readonly contestants: readonly MeasuredContestant[];
  readonly comparison: StoredComparison;
  /** Largest relative difference of a peer's first losses from ours, by name. */
  readonly lossDifferences: Readonly<Record<string, number>>;
  /** Who was not here, and why. */
  readonly absences: Readonly<Record<string, string>>;
}

export interface MeasuredContestant {
  readonly name: string;
  readonly version: string;
  readonly form: string;
  readonly threads: number;
  /** The most that its process ever held. */
  readonly peakBytes: number;
}

/** One sequence evaluated, by blocks of query rows, in a process of its own. */
export interface EvaluationResult {
  readonly length: number;
  readonly evaluated: string;
  readonly version: string;
  /** Of the second time. */
  readonly seconds: number;
  /** The most that the process ever held, before anything was compared. */
  readonly peakBytes: number;
  /** Largest absolute difference of a logit from all rows at once; null where the sequence is too long for that. */
  readonly difference: number | null;
}

export type CostResult = LengthResult | EvaluationResult;
