import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../src/experiment/experiment.ts';
import {
  type Contestant,
  compare,
  type RoundOptions,
  summarise,
  timeSteps,
} from '../../src/experiment/timer.ts';

const options: RoundOptions = {
  rounds: 3,
  extraRounds: 0,
  steps: () => 2,
  othersLimit: 1, // whatever else this machine does
  pause: 0,
};

/** Answers with given times and writes down whose turn it was. */
function fake(name: string, times: readonly number[], turns: string[]): Contestant {
  return {
    name,
    run: async (steps) => {
      turns.push(name);
      return times.slice(0, steps);
    },
  };
}

describe('summarise', () => {
  it('gives median, minimum and the median of the distances from the median', () => {
    // sorted 1 2 3 4 100: median 3, distances 2 1 0 1 97, their median 1
    expect(summarise([100, 2, 3, 4, 1])).toEqual({ median: 3, minimum: 1, mad: 1, count: 5 });
  });

  it('refuses no times at all', () => {
    expect(() => summarise([])).toThrow(RangeError);
  });
});

describe('timeSteps', () => {
  it('makes one step untimed, then times each of the others', async () => {
    let steps = 0;
    const times = await timeSteps(async () => {
      await new Promise((resolve) => setTimeout(resolve, steps++ === 0 ? 60 : 5));
    }, 3);
    expect(steps).toBe(4);
    expect(times).toHaveLength(3);
    for (const ms of times) expect(ms).toBeGreaterThan(4); // timers may fire up to 1 ms early
    expect(Math.min(...times)).toBeLessThan(50);
  });
});

describe('compare', () => {
  it('interleaves the contestants and lets another one begin each round', async () => {
    const turns: string[] = [];
    const contestants = ['a', 'b', 'c'].map((name) => fake(name, [1, 1], turns));
    await compare(contestants, options);
    expect(turns.join('')).toBe('abcbcacab');
  });

  it('summarises every contestant over all rounds', async () => {
    const { timings, samples, valid } = await compare(
      [fake('a', [10, 20], []), fake('b', [1, 3], [])],
      options,
    );
    expect(valid).toBe(true);
    expect(timings.get('a')).toEqual({ median: 15, minimum: 10, mad: 5, count: 6 });
    expect(timings.get('b')).toEqual({ median: 2, minimum: 1, mad: 1, count: 6 });
    expect(samples).toHaveLength(12);
  });

  it.skipIf(!existsSync('/proc/stat'))(
    'repeats disturbed rounds, leaves them out, and says when there were too many',
    async () => {
      let round = 0;
      const rounds: boolean[] = [];
      // A share of others is at least 0, so a limit below it calls every round disturbed.
      const never = await compare([fake('a', [10, 20], [])], {
        ...options,
        extraRounds: 2,
        othersLimit: -1,
        onRound: (_, disturbed) => {
          round++;
          rounds.push(disturbed);
        },
      });
      expect(round).toBe(5);
      expect(rounds.every(Boolean)).toBe(true);
      expect(never.valid).toBe(false);
      expect(never.timings.get('a')?.count).toBe(10);
    },
  );

  it('stops when interrupted', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(compare([fake('a', [1, 1], [])], { ...options, signal: controller.signal })).rejects.toThrow(
      Interrupted,
    );
  });

  it('refuses an empty field', async () => {
    await expect(compare([], options)).rejects.toThrow('Nobody is here');
  });
});
