import { describe, expect, it } from 'vitest';
import { performanceProfiles, profileAt, profileScore } from '../../../src/experiment/statistics.ts';

/**
 * By hand. Best costs: 1, 2, 4, none. Ratios of A: 1, 1, 2, ∞; of B: 2, 3, 1, ∞.
 */
const profiles = performanceProfiles(
  new Map([
    ['A', [1, 2, 8, undefined]],
    ['B', [2, 6, 4, undefined]],
  ]),
);
const [a, b] = profiles as [(typeof profiles)[0], (typeof profiles)[0]];

describe('performanceProfiles', () => {
  it('climbs at each ratio by the share of problems solved there; one that nobody solves counts', () => {
    expect(a).toEqual({
      contestant: 'A',
      steps: [
        { tau: 1, share: 0.5 },
        { tau: 2, share: 0.75 },
      ],
    });
    expect(b.steps).toEqual([
      { tau: 1, share: 0.25 },
      { tau: 2, share: 0.5 },
      { tau: 3, share: 0.75 },
    ]);
  });

  it('holds each value from its ratio on', () => {
    expect([0.9, 1, 1.99, 2, 100].map((tau) => profileAt(a, tau))).toEqual([0, 0.5, 0.5, 0.75, 0.75]);
  });

  it('has no step for a contestant that solves nothing', () => {
    const [, nothing] = performanceProfiles(
      new Map([
        ['A', [1]],
        ['none', [undefined]],
      ]),
    );
    expect(nothing?.steps).toEqual([]);
    expect(profileAt(nothing as typeof a, 5)).toBe(0);
    expect(profileScore(nothing as typeof a)).toBe(0);
  });

  it('refuses ragged tables, no problems and costs that have no ratio', () => {
    const of = (...rows: (number | undefined)[][]) =>
      performanceProfiles(new Map(rows.map((row, index) => [`${index}`, row])));
    expect(() => of([1, 2], [1])).toThrow('every problem');
    expect(() => of([])).toThrow('at least one');
    expect(() => of()).toThrow('at least one');
    expect(() => of([0])).toThrow('above 0');
    expect(() => of([Number.NaN])).toThrow('above 0');
    expect(() => of([Number.POSITIVE_INFINITY])).toThrow('above 0');
  });
});

describe('profileScore', () => {
  it('by hand: A (0.5 · 1 + 0.75 · 2) / 3, B (0.25 + 0.5 + 0.75) / 3', () => {
    expect(profileScore(a)).toBeCloseTo(2 / 3, 15);
    expect(profileScore(b)).toBeCloseTo(0.5, 15);
  });

  it('ends at the limit', () => {
    expect(profileScore(b, 2.5)).toBeCloseTo((0.25 + 0.5 * 0.5) / 1.5, 15);
    expect(() => profileScore(b, 1)).toThrow('above 1');
  });

  it('is 1 for the best on every problem', () => {
    const [best] = performanceProfiles(
      new Map([
        ['best', [1, 1]],
        ['other', [2, undefined]],
      ]),
    );
    expect(profileScore(best as typeof a)).toBe(1);
  });
});
