import { describe, expect, it } from 'vitest';
import { meanInterval, pairedDifference, pairedTTest } from '../../../src/experiment/statistics.ts';

describe('meanInterval', () => {
  it('by hand: 1, 2, 3 has mean 2, deviation 1, so 2 ± 4.3026527 / √3', () => {
    const { mean, low, high, n } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(n).toBe(3);
    expect(high - 2).toBeCloseTo(4.3026527297 / Math.sqrt(3), 9);
    expect(2 - low).toBeCloseTo(high - 2, 12);
  });

  it('knows no spread from one value', () => {
    expect(meanInterval([5])).toEqual({ mean: 5, low: Number.NaN, high: Number.NaN, n: 1 });
  });

  it('refuses none', () => {
    expect(() => meanInterval([])).toThrow(RangeError);
  });
});

describe('pairedDifference', () => {
  it('is narrow where the pairs agree, however far the seeds lie apart', () => {
    const { mean, low, high } = pairedDifference([1.1, 5.1, 9.1], [1, 5, 9]);
    expect(mean).toBeCloseTo(0.1, 12);
    expect(high - low).toBeLessThan(1e-12);
  });

  it('refuses lists of different length', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow('pairs needed, got 2 and 1');
  });
});

describe('pairedTTest', () => {
  const a = [2.31, 2.28, 2.4, 2.35, 2.29];

  // SciPy 1.17: stats.ttest_rel(x, a).pvalue
  it.each([
    [[2.35, 2.3, 2.41, 2.39, 2.36], 0.024972303267543006],
    [[2.3, 2.31, 2.38, 2.33, 2.3], 0.8466432357935847],
    [[2.9, 2.2, 2.5, 2.3, 2.6], 0.23583936298857688],
  ])('agrees with SciPy on %j', (x, expected) => {
    // The differences lose two of the sixteen digits.
    expect(pairedTTest(x, a)).toBeCloseTo(expected, 12);
    expect(pairedTTest(a, x)).toBeCloseTo(expected, 12);
  });

  it('is below 0.05 exactly where the 95 % interval leaves out 0', () => {
    // stats.ttest_rel(x, a).confidence_interval() of the first pair above
    const { low, high } = pairedDifference([2.35, 2.3, 2.41, 2.39, 2.36], a);
    expect(low).toBeCloseTo(0.007414748090129961, 12);
    expect(high).toBeCloseTo(0.0645852519098701, 12);
  });

  it('by hand: two pairs that differ by 1 and 3 have t = 2 with 1 degree of freedom', () => {
    // P(|T| ≥ 2) of the Cauchy distribution is 1 − 2 atan(2)/π.
    expect(pairedTTest([2, 5], [1, 2])).toBeCloseTo(1 - (2 * Math.atan(2)) / Math.PI, 14);
  });

  it('knows nothing from one pair, no difference from equal ones, and refuses lists of different length', () => {
    expect(pairedTTest([1], [2])).toBeNaN();
    expect(pairedTTest(a, a)).toBe(1);
    expect(pairedTTest([2, 3], [1, 2])).toBe(0);
    expect(() => pairedTTest([1, 2], [1])).toThrow('pairs needed, got 2 and 1');
  });
});
