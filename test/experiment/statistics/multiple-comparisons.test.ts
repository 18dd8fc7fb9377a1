import { describe, expect, it } from 'vitest';
import { compareWithBaseline, holm } from '../../../src/experiment/statistics.ts';

describe('holm', () => {
  it('by hand: 0.01 · 4, 0.013 · 3 raised to the one before, 0.03 · 2, 0.04 raised to the one before', () => {
    const adjusted = holm([0.04, 0.01, 0.03, 0.013]);
    [0.06, 0.04, 0.06, 0.04].forEach((expected, index) => {
      expect(adjusted[index]).toBeCloseTo(expected, 15);
    });
  });

  it('by hand: 0.001 · 5, 0.03 · 4, 0.04 · 3, 0.2 · 2, 0.6 · 1, with no raising but of equals', () => {
    const adjusted = holm([0.001, 0.2, 0.04, 0.03, 0.6]);
    [0.005, 0.4, 0.12, 0.12, 0.6].forEach((expected, index) => {
      expect(adjusted[index]).toBeCloseTo(expected, 15);
    });
  });

  it('never exceeds 1, and leaves a single one as it is', () => {
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
    expect(holm([0.03])).toEqual([0.03]);
    expect(holm([])).toEqual([]);
  });

  it('does not count tests without a p value', () => {
    expect(holm([Number.NaN, 0.02, 0.5])).toEqual([Number.NaN, 0.04, 0.5]);
  });
});

describe('compareWithBaseline', () => {
  const baseline = [2.31, 2.28, 2.4, 2.35, 2.29];

  it('gives each contestant its difference, its own p value and the adjusted one', () => {
    const [first, second, third] = compareWithBaseline(
      baseline,
      new Map([
        ['noisy', [2.9, 2.2, 2.5, 2.3, 2.6]],
        ['worse', [2.35, 2.3, 2.41, 2.39, 2.36]],
        ['equal', [2.3, 2.31, 2.38, 2.33, 2.3]],
      ]),
    );
    // SciPy 1.17: stats.ttest_rel(x, baseline).pvalue; times 2, times 3 and times 1
    expect(first).toMatchObject({ contestant: 'noisy', difference: { n: 5 } });
    expect(first?.p).toBeCloseTo(0.23583936298857688, 12);
    expect(first?.adjusted).toBeCloseTo(2 * 0.23583936298857688, 12);
    expect(second?.contestant).toBe('worse');
    expect(second?.difference.mean).toBeCloseTo(0.036, 12);
    expect(second?.adjusted).toBeCloseTo(3 * 0.024972303267543006, 12);
    expect(third?.adjusted).toBeCloseTo(0.8466432357935847, 12);
  });

  it('refuses a contestant that lacks a seed', () => {
    expect(() => compareWithBaseline(baseline, new Map([['short', [1, 2]]]))).toThrow('pairs needed');
  });
});
