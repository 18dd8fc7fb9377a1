import { availableParallelism } from 'node:os';
import type { Outcome } from '../../src/experiment/experiment.ts';
import { restoreComparison } from '../../src/experiment/stored-comparison.ts';
import type { Table } from '../../src/experiment/table.ts';
import type { Comparison } from '../../src/experiment/timer.ts';
import { type Bar, judge } from '../bar.ts';
import { sampleRow } from '../sample-row.ts';
import { BYTES_PER_PARAMETER } from '../step-timing/bytes-per-parameter.ts';
import { BERT_BASE_PARAMETERS, countElements } from '../step-timing/shapes.ts';
import { timingChart } from '../timing-chart.ts';
import type { OptimizerStepConfig } from './config.ts';
import type { GroupResult as StoredGroupResult } from './measure-group.ts';
import { createTask } from './task.ts';

export const BARS: readonly Bar[] = [
  { metric: 'came.native.speedup.authors', atLeast: 1 / 0.15 },
  { metric: 'came.native.speedup.adamw-fused', atLeast: 1 / 1.6 },
  { metric: 'adamw.native.speedup.adamw-fused', atLeast: 1 / 1.1 },
];

const OURS = ['native', 'native-captured', 'captured', 'eager'];

type GroupResult = Omit<StoredGroupResult, 'comparison'> & { readonly comparison: Comparison };

export function report(stored: readonly StoredGroupResult[], config: OptimizerStepConfig): Outcome {
  const { othersLimit } = config;
  const parameters = countElements(createTask(config).shapes);
  const results = stored.map(
    (one): GroupResult => ({ ...one, comparison: restoreComparison(one.comparison) }),
  );
  const absences = stored.flatMap((one) =>
    Object.entries(one.absences).map(([name, reason]) => [`${one.optimizer} ${name}`, reason]),
  );
  const passes = bestPasses(results);
  const bandwidth = Math.max(0, ...Object.values(passes));
  const metrics: Record<string, number> = { parameters };
  for (const result of results) Object.assign(metrics, groupMetrics(result, parameters, bandwidth));
  for (const [pass, value] of Object.entries(passes)) metrics[`bandwidth.${pass}.gbps`] = value;
  if (bandwidth > 0) metrics['bandwidth.gbps'] = bandwidth;
  const others = Math.max(...results.map(({ comparison }) => comparison.others));
  if (Number.isFinite(others)) metrics['machine.othersShare'] = others;
  const busy = results.filter(({ comparison }) => !comparison.valid).map(({ optimizer }) => optimizer);
  return {
    ...judge(BARS, metrics, whyInvalid(busy, othersLimit, parameters)),
    metrics,
    tables: results.map((result) => groupTable(result, parameters, bandwidth)),
    charts: results.map(({ optimizer, comparison }) =>
      timingChart({
        name: `optimizer-step-${optimizer}`,
        title: `One step beside ${optimizer}`,
        what: 'optimizer step',
        timings: comparison.timings,
      }),
    ),
    rows: results.flatMap(({ optimizer, comparison }) =>
      comparison.samples.map((sample) => ({ optimizer, ...sampleRow(sample) })),
    ),
    warnings: [
      ...[...absences].map(([name, reason]) => `${name} was not measured: ${reason}`),
      ...(Number.isNaN(others)
        ? ['This system does not tell what other processes use: whether it was idle is not known.']
        : []),
    ],
  };
}

function whyInvalid(busy: readonly string[], othersLimit: number, parameters: number): string | undefined {
  if (busy.length > 0) {
    return (
      `The machine was busy while ${busy.join(' and ')} was measured: in too many rounds other processes used more than ` +
      `${100 * othersLimit} % of the cores. The times are not valid; run again when it is idle.`
    );
  }
  if (parameters < BERT_BASE_PARAMETERS)
    return `The claim is about BERT-Base; ${parameters} parameters say nothing of it.`;
  return undefined;
}

/** The best of each kind of pass over memory in any group. */
function bestPasses(results: readonly GroupResult[]): Record<string, number> {
  const best: Record<string, number> = {};
  for (const { bandwidth } of results) {
    for (const [pass, value] of Object.entries(bandwidth)) best[pass] = Math.max(best[pass] ?? 0, value);
  }
  return best;
}

function groupMetrics(
  { optimizer, comparison, contestants, differences }: GroupResult,
  parameters: number,
  bandwidth: number,
): Record<string, number> {
  const metrics: Record<string, number> = {};
  const { timings } = comparison;
  for (const { name, stateBytes, rule } of contestants) {
    const timing = timings.get(name);
    if (timing === undefined) throw new Error(`${name} was not timed`);
    const key = `${optimizer}.${name}`;
    metrics[`${key}.ms`] = timing.median;
    metrics[`${key}.minimumMs`] = timing.minimum;
    metrics[`${key}.madMs`] = timing.mad;
    metrics[`${key}.nsPerParameter`] = (timing.median * 1e6) / parameters;
    metrics[`${key}.stateBytes`] = stateBytes;
    if (bandwidth > 0) metrics[`${key}.bandwidthShare`] = limit(rule, parameters, bandwidth) / timing.median;
    if (!OURS.includes(name)) continue;
    for (const [other, { median }] of timings) {
      if (other !== name) metrics[`${key}.speedup.${other}`] = median / timing.median;
    }
  }
  for (const { name, reference, difference } of differences) {
    metrics[`${optimizer}.${reference}.weightDifference.${name}`] = difference;
  }
  return metrics;
}

/** Milliseconds that the memory needs for the bytes of one step. */
function limit(rule: GroupResult['optimizer'], parameters: number, bandwidth: number): number {
  return (BYTES_PER_PARAMETER[rule] * parameters) / bandwidth / 1e6;
}

function groupTable(
  { optimizer, contestants, comparison }: GroupResult,
  parameters: number,
  bandwidth: number,
): Table {
  return {
    title: `One step of ${optimizer} over ${parameters.toLocaleString('en')} parameters`,
    columns: [
      { title: 'contestant' },
      { title: 'median ms', digits: 2 },
      { title: 'minimum', digits: 2 },
      { title: '± MAD', digits: 2 },
      { title: 'steps', digits: 0 },
      { title: 'ns/parameter', digits: 3 },
      { title: '% of bandwidth', digits: 1 },
      { title: 'state MiB', digits: 1 },
      { title: 'what' },
    ],
    rows: contestants.map(({ name, stateBytes, version, threads, rule }) => {
      const timing = comparison.timings.get(name);
      if (timing === undefined) throw new Error(`${name} was not timed`);
      return [
        name,
        timing.median,
        timing.minimum,
        timing.mad,
        timing.count,
        (timing.median * 1e6) / parameters,
        bandwidth > 0 ? (100 * limit(rule, parameters, bandwidth)) / timing.median : null,
        stateBytes / 2 ** 20,
        `${version}; ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      ];
    }),
    note:
      `Gradients given, float32; MAD is the median absolute deviation. ${availableParallelism()} cores. ` +
      (bandwidth > 0
        ? `Bandwidth ${bandwidth.toFixed(1)} GB/s, the best pass over memory in this run; the limit is ` +
          `${BYTES_PER_PARAMETER.came} bytes a parameter for CAME and ${BYTES_PER_PARAMETER.adamw} for AdamW.`
        : 'The bandwidth is measured through PyTorch: name a Python with --peers.'),
  };
}
