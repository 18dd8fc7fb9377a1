import { mean, median, quantileSorted, sampleWithReplacement } from 'simple-statistics';
import type { RandomStream } from '../../random/index.ts';

/** An estimate with its bootstrap interval, which need not lie evenly around it; `low` and `high` are NaN for a single value. */
export interface BootstrapInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Number of values, or of pairs; of two unpaired samples the smaller number. */
  readonly n: number;
}

export interface BootstrapOptions {
  /** Where the resamples are drawn: the same stream gives the same interval. */
  readonly stream: RandomStream;
  /** Default 0.95. */
  readonly level?: number;
  /** Default 9,999. */
  readonly resamples?: number;
}

export interface RatioOptions extends BootstrapOptions {
  /** What of each sample is divided. */
  readonly of: 'mean' | 'median';
  /** True: entry i of both comes from the same seed, and is drawn with its partner. */
  readonly paired: boolean;
}

const centres = { mean, median };

/** Percentile bootstrap of the median of independent values. On fewer than some ten values it covers less than `level`. */
export function medianInterval(values: readonly number[], options: BootstrapOptions): BootstrapInterval {
  if (values.length === 0) throw new RangeError('medianInterval needs at least one value');
  const own = [...values];
  return percentileInterval(median(own), own.length, options, (random) =>
    median(sampleWithReplacement(own, own.length, random)),
  );
}

/**
 * Percentile bootstrap of mean(a) / mean(b), or of the medians; all values of b must be above 0.
 * On fewer than some ten values it covers less than `level`.
 */
export function ratioInterval(
  a: readonly number[],
  b: readonly number[],
  options: RatioOptions,
): BootstrapInterval {
  if (a.length === 0 || b.length === 0)
    throw new RangeError('ratioInterval needs at least one value of each');
  if (b.some((value) => !(value > 0))) throw new RangeError('ratioInterval divides by numbers above 0 only');
  const [over, under] = [[...a], [...b]];
  const centre = centres[options.of];
  const estimate = centre(over) / centre(under);
  const n = Math.min(over.length, under.length);
  if (!options.paired) {
    return percentileInterval(estimate, n, options, (random) => {
      const drawn = centre(sampleWithReplacement(over, over.length, random));
      return drawn / centre(sampleWithReplacement(under, under.length, random));
    });
  }
  if (over.length !== under.length)
    throw new RangeError(`pairs needed, got ${over.length} and ${under.length} values`);
  const indices = over.map((_, index) => index);
  return percentileInterval(estimate, n, options, (random) => {
    const drawn = sampleWithReplacement(indices, n, random);
    return centre(drawn.map((at) => over[at] as number)) / centre(drawn.map((at) => under[at] as number));
  });
}

/**
 * Efron & Tibshirani 1993, chapter 13: the quantiles of the resampled statistic. Not BCa: its acceleration comes from the
 * jackknife, which fails for medians (section 11.6). And so the interval of b/a is the reciprocal of that of a/b.
 */
function percentileInterval(
  estimate: number,
  n: number,
  { stream, level = 0.95, resamples = 9999 }: BootstrapOptions,
  draw: (random: () => number) => number,
): BootstrapInterval {
  if (n === 1) return { estimate, low: Number.NaN, high: Number.NaN, n };
  const random = () => stream.uniform();
  const drawn = Array.from({ length: resamples }, () => draw(random)).sort((a, b) => a - b);
  const [low, high] = [quantileSorted(drawn, (1 - level) / 2), quantileSorted(drawn, (1 + level) / 2)];
  return { estimate, low, high, n };
}
