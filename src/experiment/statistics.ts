import { bisect, mean, sampleStandardDeviation } from 'simple-statistics';

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
  const half =
    (studentQuantile((1 + level) / 2, n - 1) * sampleStandardDeviation([...values])) / Math.sqrt(n);
  return { mean: centre, low: centre - half, high: centre + half, n };
}

/** Interval of the mean of `a[i] − b[i]`: entry i of both must come from the same seed. */
export function pairedDifference(a: readonly number[], b: readonly number[], level = 0.95): Interval {
  if (a.length !== b.length) throw new RangeError(`pairs needed, got ${a.length} and ${b.length} values`);
  return meanInterval(
    a.map((value, index) => value - (b[index] as number)),
    level,
  );
}

/** Inverse of the Student t distribution for a probability in (0.5, 1) and whole degrees of freedom. */
export function studentQuantile(probability: number, degrees: number): number {
  let high = 1;
  while (studentCumulative(high, degrees) < probability) high *= 2;
  return bisect((t: number) => studentCumulative(t, degrees) - probability, 0, high, 200, 1e-12);
}

/** Abramowitz & Stegun 26.7.3 and 26.7.4: a finite sum, exact for whole degrees of freedom; t ≥ 0. */
function studentCumulative(t: number, degrees: number): number {
  const theta = Math.atan(t / Math.sqrt(degrees));
  const cosine = Math.cos(theta);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  const within = odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
  return (1 + within) / 2;
}
