import type { Trained } from '../cdape-training/trained.ts';

export interface ExtrapolationResult extends Trained {
  readonly parameters: number;
  /** In the order of the setting `factors`; empty where training diverged. */
  readonly tests: readonly LengthTest[];
}

export interface LengthTest {
  /** T */
  readonly length: number;
  /** Mean, in nats for each token; null where it is not finite. */
  readonly loss: number | null;
  /** Over so many tokens. */
  readonly tokens: number;
}
