import { type Interval, pairedDifference, pairedTTest } from './intervals.ts';

/** How a contestant differs from the baseline that all are held against. */
export interface Comparison {
  readonly contestant: string;
  /** Contestant − baseline. Its level holds for this contestant alone; `adjusted` is what speaks for all of them. */
  readonly difference: Interval;
  /** Of the paired t test alone; NaN for a single pair. */
  readonly p: number;
  /** Holm's p value: among all contestants, the chance of any false finding at this limit. */
  readonly adjusted: number;
}

/** Holds every contestant against one baseline: entry i of every list must come from the same seed. */
export function compareWithBaseline(
  baseline: readonly number[],
  contestants: ReadonlyMap<string, readonly number[]>,
  level = 0.95,
): Comparison[] {
  const tests = [...contestants].map(([contestant, values]) => ({
    contestant,
    difference: pairedDifference(values, baseline, level),
    p: pairedTTest(values, baseline),
  }));
  const adjusted = holm(tests.map(({ p }) => p));
  return tests.map((test, index) => ({ ...test, adjusted: adjusted[index] as number }));
}

/**
 * Adjusted p values, in the order given (Holm 1979): the i-th smallest of m times m − i + 1, never below the one before it, at
 * most 1. A test that gave no p value (NaN) stays NaN and is not counted, as in R's `p.adjust`.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).filter((index) => !Number.isNaN(pValues[index]));
  order.sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const adjusted = pValues.map(() => Number.NaN);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * (pValues[index] as number)));
    adjusted[index] = largest;
  });
  return adjusted;
}
