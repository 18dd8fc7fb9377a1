import { mean, sampleStandardDeviation } from 'simple-statistics';
import { studentQuantile, studentTails } from './student.ts';

/** A mean with its confidence interval; `low` and `high` are NaN when one value alone tells nothing about the spread. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Number of values. */
  readonly n: number;
}

/** Two-sided Student t interval of the mean. The values must be independent: one per seed, say. */
export function meanInterval(values: readonly number[], level = 0.95): Interval {
  if (values.length === 0) throw new RangeError('meanInterval needs at least one value');
  const centre = mean([...values]);
  const n = values.length;
  if (n === 1) return { mean: centre, low: Number.NaN, high: Number.NaN, n };
  const half = studentQuantile((1 + level) / 2, n - 1) * standardError(values);
  return { mean: centre, low: centre - half, high: centre + half, n };
}

/** Interval of the mean of `a[i] − b[i]`: entry i of both must come from the same seed. */
export function pairedDifference(a: readonly number[], b: readonly number[], level = 0.95): Interval {
  return meanInterval(differences(a, b), level);
}

/**
 * Two-sided p value of the paired t test of equal means: entry i of both must come from the same seed. NaN for a single pair, which
 * tells nothing; 1 where all pairs agree exactly (R and SciPy give no number there).
 */
export function pairedTTest(a: readonly number[], b: readonly number[]): number {
  const between = differences(a, b);
  if (between.length < 2) return Number.NaN;
  if (between.every((difference) => difference === 0)) return 1;
  return studentTails(mean(between) / standardError(between), between.length - 1);
}

function differences(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`pairs needed, got ${a.length} and ${b.length} values`);
  return a.map((value, index) => value - (b[index] as number));
}

function standardError(values: readonly number[]): number {
  return sampleStandardDeviation([...values]) / Math.sqrt(values.length);
}
