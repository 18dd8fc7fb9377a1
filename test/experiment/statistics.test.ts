import { describe, expect, it } from 'vitest';
import { meanInterval, pairedDifference, studentQuantile } from '../../src/experiment/statistics.ts';

describe('studentQuantile', () => {
  // R 4.2: qt(0.975, c(1, 2, 3, 4, 5, 9, 30, 100)) and qt(0.95, 7), ten digits
  it.each([
    [0.975, 1, 12.7062047362],
    [0.975, 2, 4.3026527297],
    [0.975, 3, 3.1824463053],
    [0.975, 4, 2.7764451052],
    [0.975, 5, 2.5705818356],
    [0.975, 9, 2.2621571628],
    [0.975, 30, 2.0422724563],
    [0.975, 100, 1.9839715185],
    [0.95, 7, 1.8945786051],
  ])('at %d with %i degrees of freedom', (probability, degrees, expected) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(expected, 9);
  });
});

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
