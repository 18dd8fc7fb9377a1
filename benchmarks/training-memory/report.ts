import { median } from 'simple-statistics';
import { curveChart } from '../../src/experiment/chart.ts';
import type { Outcome } from '../../src/experiment/experiment.ts';
import { type Bar, judge } from '../bar.ts';
import type { TrainingMemoryConfig } from './config.ts';
import type { MemorySample, OptimizerName } from './worker.ts';

/** What was read of the training with one optimizer. */
export interface MemoryResult {
  readonly optimizer: OptimizerName;
  readonly samples: readonly MemorySample[];
}

export const BARS: readonly Bar[] = ['adamw', 'came'].flatMap((optimizer) => [
  { metric: `${optimizer}.numTensors.growth`, atMost: 0 },
  { metric: `${optimizer}.rss.growthShare`, atMost: 0.03 },
]);

const CLAIMED_STEPS = 2000;
const MEBIBYTE = 2 ** 20;
/** Resident memory at the beginning and at the end is the median of so many readings: pages come and go. */
const READINGS = 5;

export function report(results: readonly MemoryResult[], config: TrainingMemoryConfig): Outcome {
  const compared = results.map(({ optimizer, samples }) => ({
    optimizer,
    ...compareEnds(samples, config.settle),
  }));
  const metrics: Record<string, number> = { steps: config.steps };
  for (const { optimizer, tensors, rss } of compared) {
    metrics[`${optimizer}.numTensors.start`] = tensors.start;
    metrics[`${optimizer}.numTensors.end`] = tensors.end;
    metrics[`${optimizer}.numTensors.growth`] = tensors.end - tensors.start;
    metrics[`${optimizer}.rss.startMiB`] = rss.start;
    metrics[`${optimizer}.rss.endMiB`] = rss.end;
    metrics[`${optimizer}.rss.growthShare`] = rss.end / rss.start - 1;
  }
  const short =
    config.steps < CLAIMED_STEPS
      ? `The claim is about ${CLAIMED_STEPS} steps; these were ${config.steps}.`
      : undefined;
  return {
    ...judge(BARS, metrics, short),
    metrics,
    tables: [
      {
        title: `Memory from step ${config.settle} to step ${config.steps}`,
        columns: [
          { title: 'optimizer' },
          { title: 'tensors at the start', digits: 0 },
          { title: 'at the end', digits: 0 },
          { title: 'resident MiB at the start', digits: 1 },
          { title: 'at the end', digits: 1 },
        ],
        rows: compared.map(({ optimizer, tensors, rss }) => [
          optimizer,
          tensors.start,
          tensors.end,
          rss.start,
          rss.end,
        ]),
        note: `Resident memory is the median of ${READINGS} readings at either end, after garbage collection.`,
      },
    ],
    charts: [
      curveChart(
        {
          name: 'training-memory',
          title: 'Resident memory during training',
          description:
            'Resident memory of the training process by step, in MiB. Flat is good; the first steps make state and graph.',
        },
        { x: 'step', y: 'MiB' },
        results.flatMap(({ optimizer, samples }) =>
          samples.map(({ step, residentBytes }) => {
            const mebibytes = residentBytes / MEBIBYTE;
            return {
              contestant: optimizer,
              x: step,
              y: { mean: mebibytes, low: Number.NaN, high: Number.NaN, n: 1 },
            };
          }),
        ),
      ),
    ],
    rows: results.flatMap(({ optimizer, samples }) => samples.map((sample) => ({ optimizer, ...sample }))),
  };
}

function compareEnds(samples: readonly MemorySample[], settle: number) {
  const settled = samples.filter(({ step }) => step >= settle);
  const [first, last] = [settled[0], settled.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`no memory was read after step ${settle}`);
  const resident = (part: readonly MemorySample[]) =>
    median(part.map(({ residentBytes }) => residentBytes / MEBIBYTE));
  return {
    tensors: { start: first.tensors, end: last.tensors },
    rss: { start: resident(settled.slice(0, READINGS)), end: resident(settled.slice(-READINGS)) },
  };
}
