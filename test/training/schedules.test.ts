import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { type ScheduleDescription, scheduleFrom } from '../../src/training/schedules.ts';

function values(description: ScheduleDescription, steps: readonly number[]): number[] {
  const schedule = scheduleFrom(description);
  return steps.map(schedule);
}

// By hand, to float64 rounding.
function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 12);
}

describe('scheduleFrom', () => {
  it('constant', () => {
    expectClose(values({ kind: 'constant', peak: 0.3 }, [0, 1, 1e9]), [0.3, 0.3, 0.3]);
    // 0.3 · 1/3, 2/3, 3/3
    expectClose(values({ kind: 'constant', peak: 0.3, warmup: 3 }, [0, 1, 2, 3]), [0.1, 0.2, 0.3, 0.3]);
  });

  it('linear', () => {
    expectClose(
      values({ kind: 'linear', peak: 1, total: 4 }, [0, 1, 2, 3, 4, 9]),
      [1, 0.75, 0.5, 0.25, 0, 0],
    );
    // Warm-up 1/2, 1; then 0.2 + 0.8 · (1, 3/4, 1/2, 1/4), then 0.2.
    expectClose(
      values({ kind: 'linear', peak: 1, final: 0.2, warmup: 2, total: 6 }, [0, 1, 2, 3, 4, 5, 6, 7]),
      [0.5, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2],
    );
  });

  it('cosine', () => {
    // (1 + cos πp) / 2 at p = 0, 1/3, 1/2, 2/3: 1, 3/4, 1/2, 1/4.
    expectClose(values({ kind: 'cosine', peak: 2, total: 6 }, [0, 2, 3, 4, 6, 7]), [2, 1.5, 1, 0.5, 0, 0]);
    // 1 + 1 · 3/4 at a third of the six steps that follow two of warm-up.
    expectClose(
      values({ kind: 'cosine', peak: 2, final: 1, warmup: 2, total: 8 }, [0, 1, 2, 4, 6, 8]),
      [1, 2, 2, 1.75, 1.25, 1],
    );
  });

  it('polynomial', () => {
    // (1 − p)²: 1, 9/16, 1/4, 1/16.
    expectClose(
      values({ kind: 'polynomial', power: 2, peak: 1, total: 4 }, [0, 1, 2, 3, 4]),
      [1, 0.5625, 0.25, 0.0625, 0],
    );
    // √(1 − p) at p = 3/4; final 0.1 and one step of warm-up: 0.1 + 0.9 · 1/2.
    expectClose(
      values({ kind: 'polynomial', power: 0.5, peak: 1, final: 0.1, warmup: 1, total: 5 }, [0, 1, 4, 5]),
      [1, 1, 0.55, 0.1],
    );
    const steps = [0, 1, 2, 3, 4, 5, 6];
    expectClose(
      values({ kind: 'polynomial', peak: 1, warmup: 2, total: 6 }, steps),
      values({ kind: 'linear', peak: 1, warmup: 2, total: 6 }, steps),
    );
  });

  it('never gives an update the rate 0', () => {
    for (const kind of ['linear', 'cosine', 'polynomial'] as const) {
      const schedule = scheduleFrom({ kind, peak: 1e-3, warmup: 10, total: 100 });
      for (let step = 0; step < 100; step++) expect(schedule(step)).toBeGreaterThan(0);
      expect(schedule(100)).toBe(0);
    }
  });

  it('takes a warm-up as long as the run', () => {
    expectClose(values({ kind: 'cosine', peak: 1, warmup: 2, total: 2 }, [0, 1, 2]), [0.5, 1, 0]);
  });

  it('survives JSON', () => {
    const description: ScheduleDescription = { kind: 'cosine', peak: 0.1, final: 0.01, warmup: 3, total: 50 };
    const steps = Array.from({ length: 60 }, (_, i) => i);
    expect(values(JSON.parse(JSON.stringify(description)), steps)).toEqual(values(description, steps));
  });

  it.each<[ScheduleDescription, RegExp]>([
    [{ kind: 'constant', peak: -1 }, /constant schedule's peak .* got -1/],
    [{ kind: 'constant', peak: Number.NaN }, /peak/],
    [{ kind: 'constant', peak: 1, warmup: 1.5 }, /warmup/],
    [{ kind: 'linear', peak: 1, total: 0 }, /total/],
    [{ kind: 'linear', peak: 1, total: 5, warmup: 6 }, /warmup must be at most the 5 steps/],
    [{ kind: 'cosine', peak: 1, total: 5, final: 2 }, /final must be between 0 and the peak 1/],
    [{ kind: 'polynomial', peak: 1, total: 5, power: 0 }, /power/],
  ])('refuses %j', (description, message) => {
    expect(() => scheduleFrom(description)).toThrow(UserError);
    expect(() => scheduleFrom(description)).toThrow(message);
  });

  it('refuses a kind that there is not', () => {
    const description = { kind: 'step', peak: 1 } as unknown as ScheduleDescription;
    expect(() => scheduleFrom(description)).toThrow(/no 'step' schedule; there are constant, linear/);
  });

  it('refuses a negative step', () => {
    expect(() => scheduleFrom({ kind: 'constant', peak: 1 })(-1)).toThrow(RangeError);
  });
});
