import type { Trained } from '../cdape-training/trained.ts';

export interface RecallResult extends Trained {
  readonly parameters: number;
  /** In the order of the setting `testPairs`. */
  readonly tests: readonly RecallTest[];
  /** What the last layer makes of one sequence; the same sequence in every cell of a seed. Null if training diverged. */
  readonly example: RecallExample | null;
}

export interface RecallTest {
  readonly pairs: number;
  readonly sequences: number;
  /** Sequences whose value was named. */
  readonly right: number;
  /** Those of which the most frequent value would have been right. */
  readonly frequent: number;
}

export interface RecallExample {
  /** What stands at each key: `k5`, `v3`, and `k5?` for the question. */
  readonly tokens: readonly string[];
  /** Index of the key that matches. */
  readonly match: number;
  readonly heads: readonly HeadExample[];
}

/** Of one head, the row of the last query, by key. */
export interface HeadExample {
  /** S + P */
  readonly before: readonly number[];
  /** A */
  readonly after: readonly number[];
}
