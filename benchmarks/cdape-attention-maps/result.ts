import type { Trained } from '../cdape-training/trained.ts';

export interface MapsResult extends Trained {
  readonly parameters: number;
  /** The tokens of the maps, as text; empty where training diverged. */
  readonly tokens: readonly string[];
  /** Layer by layer and head by head. */
  readonly heads: readonly HeadMaps[];
}

export interface HeadMaps {
  /** `layer.head` */
  readonly place: string;
  /** Share of the variance of A − (S + P) within equal distances; null where f adds nothing. */
  readonly contentShare: number | null;
  /** Standard deviation of A − (S + P). */
  readonly added: number;
  /** S + P and A, row by row, at the keys that each query sees; null for heads that are not drawn. */
  readonly before: readonly (readonly number[])[] | null;
  readonly after: readonly (readonly number[])[] | null;
}
