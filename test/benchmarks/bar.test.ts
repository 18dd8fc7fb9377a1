import { describe, expect, it } from 'vitest';
import { type Bar, judge } from '../../benchmarks/bar.ts';

const bars: readonly Bar[] = [
  { metric: 'speedup', atLeast: 2 },
  { metric: 'share', atMost: 0.5 },
];

describe('judge', () => {
  it('is met when every bar is', () => {
    expect(judge(bars, { speedup: 2, share: 0.5 }, undefined)).toEqual({
      verdict: 'met',
      reason: 'speedup 2.00 (at least 2), share 0.500 (at most 0.5).',
    });
  });

  it('is not met when one is missed, whatever is missing', () => {
    expect(judge(bars, { speedup: 1.9 }, undefined).verdict).toBe('not met');
    expect(judge(bars, { speedup: 2, share: 0.51 }, undefined)).toEqual({
      verdict: 'not met',
      reason: 'Missed: share 0.510 (at most 0.5).',
    });
  });

  it('is not tested when a bar was not measured', () => {
    expect(judge(bars, { speedup: 3 }, undefined)).toEqual({
      verdict: 'not tested',
      reason: 'Not measured: share. Met: speedup 3.00 (at least 2).',
    });
  });

  it('is not tested when the timings are not valid, good or bad', () => {
    for (const speedup of [1, 3]) {
      expect(judge(bars, { speedup, share: 0 }, 'busy')).toEqual({ verdict: 'not tested', reason: 'busy' });
    }
  });
});
