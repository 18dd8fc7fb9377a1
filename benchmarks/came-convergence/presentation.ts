import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import { type Interval, meanInterval } from '../../src/experiment/statistics.ts';
import type { Table } from '../../src/experiment/table.ts';
import { bestRate, type CellResult, type Contestant, contestants, type RateLoss, titles } from './cells.ts';
import type { CameConvergenceConfig } from './config.ts';

/** A contestant at its best learning rate. */
export interface Finalist {
  readonly contestant: Contestant;
  readonly learningRate: number;
  /** By seed, in the order of the seeds. */
  readonly results: readonly CellResult[];
  readonly losses: readonly number[];
}

export function comparison(
  finalists: readonly Finalist[],
  difference: Interval | null,
  seeds: readonly number[],
): Table {
  const parameters = finalists[0]?.results[0]?.parameters ?? 0;
  return {
    title: `Each at its best learning rate, on ${count(seeds.length, 'fresh seed')}`,
    columns: [
      { title: 'optimizer' },
      { title: 'learning rate' },
      { title: 'validation loss', digits: 4 },
      { title: 'minus AdamW', digits: 4 },
      { title: 'steps/s' },
      { title: 'state bytes' },
      { title: 'bytes per parameter', digits: 2 },
    ],
    rows: finalists.map((finalist) => {
      const { contestant, learningRate, losses, results } = finalist;
      return [
        titles[contestant],
        learningRate,
        losses.every(Number.isFinite) ? meanInterval(losses) : 'diverged',
        contestant === 'came' ? difference : null,
        speed(results),
        bytesOf(finalist),
        bytesOf(finalist) / parameters,
      ];
    }),
    note: `Nats per token; ± is a 95 % t interval over seeds, of the pairs for the difference. ${parameters.toLocaleString('en-US')} parameters.`,
  };
}

export function gridTable(config: CameConvergenceConfig, grid: Record<Contestant, RateLoss[]>): Table {
  const trials = config.adamw.learningRates.length;
  return {
    title: `Choosing the learning rate: ${count(trials, 'trial')} each, on ${count(config.tuningSeeds, 'seed')}`,
    columns: [
      { title: 'optimizer' },
      { title: 'learning rate' },
      { title: 'validation loss', digits: 4 },
      { title: '' },
    ],
    rows: contestants.flatMap((contestant) =>
      grid[contestant].map(({ learningRate, loss }) => [
        titles[contestant],
        learningRate,
        Number.isFinite(loss) ? loss : null,
        !Number.isFinite(loss) ? 'diverged' : learningRate === bestRate(grid[contestant]) ? 'best' : '',
      ]),
    ),
  };
}

export function lossChart(finalists: readonly Finalist[]): Chart {
  const points = finalists.flatMap(({ contestant, results }) => {
    const whole = results.filter((result) => result.diverged === null);
    return (whole[0]?.curve ?? []).map(
      ({ step }, at): CurvePoint => ({
        contestant: titles[contestant],
        x: step,
        y: meanInterval(whole.map((result) => result.curve[at]?.validation as number)),
      }),
    );
  });
  return curveChart(
    {
      name: 'loss',
      title: 'Validation loss against steps',
      description:
        'Mean validation loss over seeds at each optimizer’s best learning rate; the bands are 95 % intervals.',
    },
    { x: 'step', y: 'validation loss' },
    points,
  );
}

export function rateChart(grid: Record<Contestant, RateLoss[]>): Chart {
  const points = contestants.flatMap((contestant) =>
    grid[contestant]
      .filter(({ loss }) => Number.isFinite(loss))
      .map(({ learningRate, loss }) => ({
        contestant: titles[contestant],
        x: learningRate,
        y: meanInterval([loss]),
      })),
  );
  return curveChart(
    {
      name: 'learning-rates',
      title: 'Final validation loss against learning rate',
      description:
        'One point for each trial. Where the curves lie apart, a comparison at one shared rate would favour one of them.',
    },
    { x: 'learning rate', y: 'final validation loss', logarithmic: true, points: true },
    points,
  );
}

export function bytesOf({ results }: Finalist): number {
  return results[0]?.stateBytes ?? 0;
}

/** Mean over cells of steps per second, all steps of all cells weighing the same. */
export function speed(results: readonly CellResult[]): number {
  const known = results.filter(({ stepsPerSecond }) => stepsPerSecond > 0);
  return known.length === 0
    ? 0
    : known.length / known.reduce((sum, result) => sum + 1 / result.stepsPerSecond, 0);
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
