import { availableParallelism } from 'node:os';
import type { Chart } from '../../src/experiment/chart.ts';
import type { Outcome } from '../../src/experiment/experiment.ts';
import { restoreComparison } from '../../src/experiment/stored-comparison.ts';
import type { Table } from '../../src/experiment/table.ts';
import type { Comparison } from '../../src/experiment/timer.ts';
import { type Bar, judge } from '../bar.ts';
import { sampleRow } from '../sample-row.ts';
import { timingChart } from '../timing-chart.ts';
import type { TrainingStepConfig } from './config.ts';
import type { SizeResult as StoredSizeResult } from './measure-size.ts';

export const BARS: readonly Bar[] = [
  ...['D128', 'D256'].flatMap((size) => [
    { metric: `${size}.speedup.eager`, atLeast: 1.8 },
    { metric: `${size}.speedup.pytorch`, atLeast: 1 },
    { metric: `${size}.speedup.jax`, atLeast: 1.6 },
  ]),
  { metric: 'D256.peakShare', atLeast: 0.65 },
  { metric: 'D128.wasm.speedup.stock', atLeast: 2.5 },
];

type SizeResult = Omit<StoredSizeResult, 'comparison'> & { readonly comparison: Comparison };

export function report(
  stored: readonly StoredSizeResult[],
  { othersLimit, matmulSize }: TrainingStepConfig,
): Outcome {
  const results = stored.map(
    (one): SizeResult => ({ ...one, comparison: restoreComparison(one.comparison) }),
  );
  const absences = new Map(stored.flatMap((one) => Object.entries(one.absences)));
  const peak = Math.max(0, ...results.flatMap(({ peaks }) => Object.values(peaks)));
  const metrics: Record<string, number> = {};
  for (const result of results) Object.assign(metrics, sizeMetrics(result, peak));
  for (const { peaks } of results) {
    for (const [contestant, gflops] of Object.entries(peaks)) {
      const key = `matmul.${contestant === 'captured' ? 'tensorflow' : contestant}.gflops`;
      metrics[key] = Math.max(metrics[key] ?? 0, gflops);
    }
  }
  if (peak > 0) metrics['matmul.gflops'] = peak;
  const others = Math.max(...results.map(({ comparison }) => comparison.others));
  if (Number.isFinite(others)) metrics['machine.othersShare'] = others;
  const busy = results.filter(({ comparison }) => !comparison.valid).map(({ name }) => name);
  const invalid =
    busy.length === 0
      ? undefined
      : `The machine was busy while ${busy.join(' and ')} was measured: in too many rounds other processes used more than ` +
        `${100 * othersLimit} % of the cores. The times are not valid; run again when it is idle.`;
  return {
    ...judge(BARS, metrics, invalid),
    metrics,
    tables: results.map((result) => sizeTable(result, peak, matmulSize)),
    charts: results.map(sizeChart),
    rows: results.flatMap(({ name, comparison }) =>
      comparison.samples.map((sample) => ({ size: name, ...sampleRow(sample) })),
    ),
    warnings: [
      ...[...absences].map(([name, reason]) => `${name} was not measured: ${reason}`),
      ...(Number.isNaN(others)
        ? ['This system does not tell what other processes use: whether it was idle is not known.']
        : []),
    ],
  };
}

function sizeMetrics({ name, flops, comparison, differences, contestants }: SizeResult, peak: number) {
  const metrics: Record<string, number> = {};
  const { timings } = comparison;
  for (const [contestant, { median, minimum, mad }] of timings) {
    metrics[`${name}.${contestant}.ms`] = median;
    metrics[`${name}.${contestant}.minimumMs`] = minimum;
    metrics[`${name}.${contestant}.madMs`] = mad;
  }
  const captured = timings.get('captured')?.median;
  if (captured !== undefined) {
    for (const [contestant, { median }] of timings) {
      if (contestant !== 'captured') metrics[`${name}.speedup.${contestant}`] = median / captured;
    }
    metrics[`${name}.gflops`] = flops / captured / 1e6;
    if (peak > 0) metrics[`${name}.peakShare`] = flops / captured / 1e6 / peak;
  }
  const [wasm, stock] = [timings.get('wasm')?.median, timings.get('wasm-stock')?.median];
  if (wasm !== undefined && stock !== undefined) metrics[`${name}.wasm.speedup.stock`] = stock / wasm;
  for (const { name: other, difference } of differences)
    metrics[`${name}.lossDifference.${other}`] = difference;
  for (const { name: one, threads } of contestants) metrics[`${name}.${one}.threads`] = threads;
  return metrics;
}

function sizeTable(
  { name, contestants, comparison, flops }: SizeResult,
  peak: number,
  matmulSize: number,
): Table {
  const captured = comparison.timings.get('captured')?.median;
  return {
    title: `One training step, ${name}`,
    columns: [
      { title: 'contestant' },
      { title: 'median ms', digits: 1 },
      { title: 'minimum', digits: 1 },
      { title: '± MAD', digits: 1 },
      { title: 'steps', digits: 0 },
      { title: 'its time ÷ captured', digits: 2 },
      { title: '% of peak', digits: 1 },
      { title: 'what' },
    ],
    rows: contestants.map(({ name: contestant, form, version, threads }) => {
      const timing = comparison.timings.get(contestant);
      if (timing === undefined) throw new Error(`${contestant} was not timed`);
      return [
        contestant,
        timing.median,
        timing.minimum,
        timing.mad,
        timing.count,
        captured === undefined ? null : timing.median / captured,
        peak > 0 ? flops / timing.median / 1e4 / peak : null,
        `${version}; ${form}; ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      ];
    }),
    note:
      `Forward, backward and AdamW in float32, loss read back; MAD is the median absolute deviation. ${availableParallelism()} cores. ` +
      `Matrix products ${(flops / 1e9).toFixed(1)} GFLOP a step` +
      (peak > 0
        ? `; peak ${peak.toFixed(0)} GFLOP/s, the best of the product of two ${matmulSize}² matrices here.`
        : '.'),
  };
}

function sizeChart({ name, comparison }: SizeResult): Chart {
  return timingChart({
    name: `training-step-${name.toLowerCase()}`,
    title: `One training step, ${name}`,
    what: 'training step',
    timings: comparison.timings,
  });
}
