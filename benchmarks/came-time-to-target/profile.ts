import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import {
  meanInterval,
  type PerformanceProfile,
  performanceProfiles,
  profileAt,
  profileScore,
} from '../../src/experiment/statistics.ts';
import type { Table } from '../../src/experiment/table.ts';
import { type Standing, timesToTarget } from '../came-training/comparison.ts';
import type { TitleOf } from '../came-training/tables.ts';

/** AlgoPerf's limit of the ratio. */
const tauMax = 4;
const resolution = 0.02;

/** What a profile needs of one workload. */
export interface Timed {
  readonly target: number;
  readonly found: readonly Standing[];
}

/** Seconds to the target as the cost; every workload on every seed is a problem. Those that had no finalist solve nothing. */
export function profiles(
  workloads: readonly Timed[],
  contestants: readonly string[],
  seeds: number,
): PerformanceProfile[] {
  const never = new Array<undefined>(seeds).fill(undefined);
  const costs = contestants.map((contestant) => {
    const own = workloads.flatMap(({ target, found }) => {
      const standing = found.find((one) => one.contestant === contestant);
      return standing?.results.map((result) => timesToTarget(result, target)?.seconds) ?? never;
    });
    return [contestant, own] as const;
  });
  return performanceProfiles(new Map(costs));
}

export function profileTable(found: readonly PerformanceProfile[], titleOf: TitleOf): Table {
  return {
    title: 'Performance profiles of the seconds to the target',
    columns: [
      { title: 'optimizer' },
      { title: 'fastest', digits: 2 },
      { title: 'within 1.1', digits: 2 },
      { title: 'reached within 4', digits: 2 },
      { title: 'score', digits: 3 },
    ],
    rows: found.map((profile) => [
      titleOf(profile.contestant),
      profileAt(profile, 1),
      profileAt(profile, 1.1),
      profileAt(profile, tauMax),
      profileScore(profile, tauMax),
    ]),
    note: 'Shares of all workloads and seeds on which an optimizer needs at most so many times the seconds of the fastest; score: the mean share from 1 to 4 times (AlgoPerf).',
  };
}

export function profileChart(found: readonly PerformanceProfile[], titleOf: TitleOf): Chart {
  const taus = Array.from(
    { length: Math.round((tauMax - 1) / resolution) + 1 },
    (_, i) => 1 + i * resolution,
  );
  const points = found.flatMap((profile) =>
    taus.map((tau) => ({
      contestant: titleOf(profile.contestant),
      x: Number(tau.toFixed(2)),
      y: meanInterval([profileAt(profile, tau)]),
    })),
  );
  return curveChart(
    {
      name: 'profiles',
      title: 'Share of workloads and seeds solved against the time allowed',
      description:
        'The time allowed is a multiple of that of the fastest optimizer; the higher a curve, the better.',
    },
    { x: 'times the fastest', y: 'share solved' },
    points,
  );
}
