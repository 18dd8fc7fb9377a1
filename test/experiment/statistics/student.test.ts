import { describe, expect, it } from 'vitest';
import { studentQuantile, studentTails } from '../../../src/experiment/statistics.ts';

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

describe('studentTails', () => {
  // SciPy 1.17: 2 * stats.t.sf(abs(t), d)
  it.each([
    [0.5, 1, 0.7048327646991335],
    [2, 1, 0.2951672353008665],
    [1e6, 1, 6.366197723673691e-7],
    [0, 3, 1],
    [2.5, 3, 0.08770664700806556],
    [3, 2, 0.09546596626670913],
    [50, 4, 9.57445365696969e-7],
    [1e3, 5, 1.898013113197972e-14],
    [-2.2281388519649385, 10, 0.05000000000180864],
    [12, 30, 5.580185415199261e-13],
    [0.7, 1000, 0.48409011399260243],
    [9, 1000, 1.1129077171871453e-18],
  ])('at %d with %i degrees of freedom, small ones too', (t, degrees, expected) => {
    // A thousand terms lose up to three of the sixteen digits.
    expect(Math.abs(studentTails(t, degrees) / expected - 1)).toBeLessThan(1e-12);
  });

  it('is 0 at infinity', () => {
    expect(studentTails(Number.NEGATIVE_INFINITY, 4)).toBe(0);
  });
});
