import type { Trained } from '../cdape-training/trained.ts';

export interface FormalResult extends Trained {
  readonly parameters: number;
  /** At the longest length of training, then at each length of the test; empty where training diverged. */
  readonly tests: readonly FormalTest[];
}

export interface FormalTest {
  readonly length: number;
  readonly right: number;
  /** Output tokens that count. */
  readonly counted: number;
}
