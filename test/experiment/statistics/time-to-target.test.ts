import { describe, expect, it } from 'vitest';
import { summariseTargetTimes, timeToTarget } from '../../../src/experiment/statistics.ts';

const curve = (...ys: number[]) => ys.map((y, index) => ({ x: 10 * (index + 1), y }));

describe('timeToTarget', () => {
  it('by hand: from 5 at 10 to 3 at 20 the loss passes 3.5 at 17.5', () => {
    expect(timeToTarget(curve(5, 3, 2), 3.5)).toBe(17.5);
  });

  it('takes the first time, though the curve leaves again', () => {
    expect(timeToTarget(curve(4, 2, 4, 1), 3)).toBe(15);
  });

  it('is the point itself where the curve touches the target or begins beyond it', () => {
    expect(timeToTarget(curve(5, 3, 4), 3)).toBe(20);
    expect(timeToTarget(curve(2, 5), 3)).toBe(10);
  });

  it('is undefined when the target is never reached, and for an empty curve', () => {
    expect(timeToTarget(curve(5, 4, 3.01), 3)).toBeUndefined();
    expect(timeToTarget([], 3)).toBeUndefined();
  });

  it('looks the other way for what should grow', () => {
    expect(timeToTarget(curve(0.2, 0.6, 0.9), 0.5, 'above')).toBeCloseTo(17.5, 12);
    expect(timeToTarget(curve(0.2, 0.4), 0.5, 'above')).toBeUndefined();
  });

  it('draws no line from what is no number', () => {
    expect(timeToTarget(curve(Number.NaN, 2), 3)).toBe(20);
    expect(timeToTarget(curve(Number.POSITIVE_INFINITY, 2), 3)).toBe(20);
    expect(timeToTarget(curve(5, Number.NaN), 3)).toBeUndefined();
    expect(timeToTarget(curve(5, Number.NEGATIVE_INFINITY), 3)).toBe(20);
  });

  it('refuses a curve that goes back', () => {
    const back = [
      { x: 2, y: 5 },
      { x: 1, y: 4 },
    ];
    expect(() => timeToTarget(back, 3)).toThrow('1 follows 2');
  });
});

describe('summariseTargetTimes', () => {
  it('by hand, all known: NumPy quantile([10, 20, 30, 50], [0.25, 0.5, 0.75])', () => {
    expect(summariseTargetTimes([30, 10, 50, 20])).toEqual({
      n: 4,
      reached: 4,
      lowerQuartile: 17.5,
      median: 25,
      upperQuartile: 35,
    });
  });

  it('counts what was never reached as later than all others', () => {
    expect(summariseTargetTimes([undefined, 10, 20, undefined, 30])).toEqual({
      n: 5,
      reached: 3,
      lowerQuartile: 20,
      median: 30,
      upperQuartile: undefined,
    });
  });

  it('has no median where half of them are unknown', () => {
    expect(summariseTargetTimes([10, undefined])).toMatchObject({ reached: 1, median: undefined });
    expect(summariseTargetTimes([undefined, undefined])).toEqual({
      n: 2,
      reached: 0,
      lowerQuartile: undefined,
      median: undefined,
      upperQuartile: undefined,
    });
  });

  it('refuses none', () => {
    expect(() => summariseTargetTimes([])).toThrow(RangeError);
  });
});
