import { describe, expect, it } from 'vitest';
import { medianInterval, ratioInterval } from '../../../src/experiment/statistics.ts';
import { RandomStream } from '../../../src/random/index.ts';

const stream = (seed = 0) => RandomStream.fromSeed(seed, 'bootstrap');

describe('medianInterval', () => {
  it('by hand: of 5 values the least is the median of a resample with probability 0.058, so it bounds the interval', () => {
    // Σ_{k ≥ 3} C(5, k) 0.2ᵏ 0.8⁵⁻ᵏ = 0.0579 > 0.025, and the same above
    const found = medianInterval([12.1, 9.8, 15.3, 11, 30.2], { stream: stream() });
    expect(found).toEqual({ estimate: 12.1, low: 9.8, high: 30.2, n: 5 });
  });

  it('agrees with SciPy on 9 values', () => {
    // SciPy 1.17: stats.bootstrap((x,), np.median, method='percentile', n_resamples=999999, rng=1).confidence_interval.
    // A resample's median is one of the values, so that both give the same numbers.
    const found = medianInterval([3.1, 4.7, 1.2, 8.8, 5, 2.9, 7.4, 6.6, 3.9], { stream: stream() });
    expect(found).toEqual({ estimate: 4.7, low: 2.9, high: 7.4, n: 9 });
  });

  it('knows no spread from one value, and refuses none', () => {
    expect(medianInterval([5], { stream: stream() })).toEqual({
      estimate: 5,
      low: Number.NaN,
      high: Number.NaN,
      n: 1,
    });
    expect(() => medianInterval([], { stream: stream() })).toThrow(RangeError);
  });

  it('covers the median of a skewed distribution about as often as it says', () => {
    // 30 exponential values each, 400 times: 95 % ± 3.3 (three standard deviations); the known deficit at n = 30 is about 1 %.
    const draws = stream(1);
    let covered = 0;
    for (let trial = 0; trial < 400; trial++) {
      const values = Array.from({ length: 30 }, () => -Math.log(1 - draws.uniform()));
      const { low, high } = medianInterval(values, { stream: draws, resamples: 499 });
      if (low <= Math.LN2 && Math.LN2 <= high) covered++;
    }
    expect(covered / 400).toBeGreaterThan(0.91);
    expect(covered / 400).toBeLessThan(0.985);
  });
});

describe('ratioInterval', () => {
  const x = [102, 110, 95, 130, 121, 99, 105, 117];
  const y = [51, 60, 40, 70, 66, 47, 55, 58];
  const z = [48, 52, 61, 39, 57];

  // SciPy 1.17, f = lambda p, q, axis=-1: np.mean(p, axis=axis) / np.mean(q, axis=axis), or np.median:
  // stats.bootstrap((a, b), f, paired=…, method='percentile', confidence_level=…, n_resamples=400000, rng=1).confidence_interval
  it.each([
    ['mean', true, y, 0.95, 1.9664429530201342, 1.8810020876826723, 2.0874035989717226],
    ['mean', false, z, 0.95, 2.137645914396887, 1.8641493055555556, 2.5057603686635948],
    ['mean', false, z, 0.8, 2.137645914396887, 1.9466145833333333, 2.3668032786885247],
    ['median', true, y, 0.95, 1.9026548672566372, 1.8333333333333333, 2.106382978723404],
    ['median', false, z, 0.95, 2.0673076923076925, 1.736842105263158, 2.8076923076923075],
    ['median', false, z, 0.8, 2.0673076923076925, 1.8157894736842106, 2.40625],
  ] as const)('of the %s, paired %s, agrees with SciPy', (of, paired, other, level, estimate, low, high) => {
    const found = ratioInterval(x, other, { of, paired, level, stream: stream(), resamples: 40_000 });
    expect(found.estimate).toBeCloseTo(estimate, 12);
    // The 2.5 % quantile of 40,000 resamples scatters by 0.1 % of the interval's width for means; medians come in steps.
    const tolerance = of === 'mean' ? 0.01 * (high - low) : 0.03 * (high - low);
    expect(Math.abs(found.low - low)).toBeLessThan(tolerance);
    expect(Math.abs(found.high - high)).toBeLessThan(tolerance);
    expect(found.n).toBe(other.length);
  });

  it('is narrower for pairs that go together', () => {
    const width = (paired: boolean) => {
      const { low, high } = ratioInterval(x, y, { of: 'mean', paired, stream: stream() });
      return high - low;
    };
    expect(width(true)).toBeLessThan(0.7 * width(false));
  });

  it('gives the reciprocal for the samples exchanged', () => {
    const options = { of: 'mean', paired: true } as const;
    const there = ratioInterval(x, y, { ...options, stream: stream() });
    const back = ratioInterval(y, x, { ...options, stream: stream() });
    // The interpolation between neighbours of 9,999 resamples is not exactly reciprocal.
    expect(back.low).toBeCloseTo(1 / there.high, 6);
    expect(back.high).toBeCloseTo(1 / there.low, 6);
  });

  it('gives the same for the same stream', () => {
    const of = (seed: number) =>
      ratioInterval(x, z, { of: 'mean', paired: false, stream: stream(seed), resamples: 200 });
    expect(of(3)).toEqual(of(3));
    expect(of(3).low).not.toBe(of(4).low);
  });

  it('refuses what has no ratio', () => {
    const options = { of: 'mean', paired: true, stream: stream() } as const;
    expect(() => ratioInterval([1, 2], [1], options)).toThrow('pairs needed, got 2 and 1');
    expect(() => ratioInterval([1, 2], [1, 0], options)).toThrow('above 0');
    expect(() => ratioInterval([], [], options)).toThrow('at least one');
  });
});
