import { quantileSorted } from 'simple-statistics';

/** A point of a curve: x is steps, tokens or seconds, and grows along it. */
export interface TargetPoint {
  readonly x: number;
  readonly y: number;
}

/** Quantiles of times of which some are unknown because the target was never reached; undefined where they fall among those. */
export interface TargetTimes {
  readonly n: number;
  /** How many reached the target. */
  readonly reached: number;
  readonly lowerQuartile: number | undefined;
  readonly median: number | undefined;
  readonly upperQuartile: number | undefined;
}

/**
 * The first x at which the curve is at the target or beyond it, on straight lines between its points; undefined if never. A line
 * from a value that is no finite number has no slope: there the x of the point that reaches counts.
 *
 * @param wanted 'below' for a loss, 'above' for an accuracy
 */
export function timeToTarget(
  curve: readonly TargetPoint[],
  target: number,
  wanted: 'below' | 'above' = 'below',
): number | undefined {
  const reaches = ({ y }: TargetPoint) => (wanted === 'below' ? y <= target : y >= target);
  for (const [index, point] of curve.entries()) {
    const before = curve[index - 1];
    if (before !== undefined && !(point.x > before.x)) {
      throw new RangeError(`x must grow along a curve, and ${point.x} follows ${before.x}`);
    }
    if (!reaches(point)) continue;
    if (before === undefined || !Number.isFinite(before.y) || !Number.isFinite(point.y)) return point.x;
    return before.x + ((before.y - target) / (before.y - point.y)) * (point.x - before.x);
  }
  return undefined;
}

/**
 * Summary over seeds. A run that never got there counts as later than all that did, so its time enters the quantiles without being
 * known; leaving it out, or taking its budget for its time, would flatter. A mean does not exist then, and there is none here.
 * Right only if all runs had the same budget (with different ones, use Kaplan & Meier's estimator).
 */
export function summariseTargetTimes(times: readonly (number | undefined)[]): TargetTimes {
  if (times.length === 0) throw new RangeError('summariseTargetTimes needs at least one time');
  const sorted = times.map((time) => time ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  // Between a known and an unknown time, or two unknown ones, the interpolation gives Infinity or NaN.
  const quantile = (at: number) => {
    const value = quantileSorted(sorted, at);
    return Number.isFinite(value) ? value : undefined;
  };
  return {
    n: times.length,
    reached: times.filter((time) => time !== undefined).length,
    lowerQuartile: quantile(0.25),
    median: quantile(0.5),
    upperQuartile: quantile(0.75),
  };
}
