import type { Stories } from './stories.ts';

export interface RecallStatistics {
  readonly recalls: number;
  /** Characters that depend on a fact, as a share of all. */
  readonly characterShare: number;
  /** Quantiles of the distance, in characters. */
  readonly distance: {
    readonly p10: number;
    readonly median: number;
    readonly p90: number;
    readonly largest: number;
  };
}

/** How much of the text asks for facts stated earlier, and from how far back. */
export function recallStatistics({ text, recalls }: Stories): RecallStatistics {
  const distances = recalls.map(({ distance }) => distance).sort((a, b) => a - b);
  const quantile = (q: number) => distances[Math.floor(q * (distances.length - 1))] ?? 0;
  const dependent = recalls.reduce((sum, { length }) => sum + length, 0);
  return {
    recalls: recalls.length,
    characterShare: text.length === 0 ? 0 : dependent / text.length,
    distance: { p10: quantile(0.1), median: quantile(0.5), p90: quantile(0.9), largest: quantile(1) },
  };
}

/** The share of the recalls whose fact lies within a context of so many characters: what a model with that context can know. */
export function shareWithinContext({ recalls }: Stories, context: number): number {
  if (recalls.length === 0) return 0;
  return recalls.filter(({ distance }) => distance <= context).length / recalls.length;
}
