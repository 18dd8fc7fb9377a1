import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import type { Interval } from '../../src/experiment/statistics.ts';
import type { Results } from '../came-training/cells.ts';
import { lossChart, rateChart } from '../came-training/charts.ts';
import { bytesOf, type Standing, standings, targetLoss } from '../came-training/comparison.ts';
import { type ContestantName, contestantTitles } from '../came-training/contestants.ts';
import { curveRows, signed, spread, studyMetrics } from '../came-training/metrics.ts';
import { concludeStudy } from '../came-training/study.ts';
import { comparisonTable, count, endWarnings, trialTable } from '../came-training/tables.ts';
import { type CameConvergenceConfig, studyOf } from './config.ts';

type Context = Pick<OutcomeContext<CameConvergenceConfig>, 'config' | 'seeds' | 'preset'>;

const titleOf = (name: string) => contestantTitles[name as ContestantName];

/** Every cell is there. */
export function outcome(context: Context, results: Results): Outcome {
  const { config, seeds } = context;
  const concluded = concludeStudy(studyOf(context), seeds, results);
  const target = targetLoss(concluded, 'adamw', config.margin);
  const found = standings(concluded, 'adamw', target);
  const [adamw, came] = ['adamw', 'came'].map((name) =>
    found.find(({ contestant }) => contestant === name),
  ) as [Standing, Standing];
  const difference = came.comparison?.difference;
  const stateShare = bytesOf(came) / bytesOf(adamw);
  return {
    ...judge(context, difference, stateShare),
    metrics: {
      stateShare,
      ...studyMetrics(concluded, found),
      ...(difference && spread('difference', difference)),
      parameters: adamw.results[0]?.parameters ?? 0,
    },
    tables: [
      comparisonTable({
        title: `Each at its best learning rate, on ${count(seeds.length, 'fresh seed')}`,
        concluded,
        standings: found,
        titleOf,
        baseline: 'adamw',
        target: { loss: target, what: `AdamW’s mean plus the margin of ${config.margin}` },
        note: 'Seconds are steps times the time of a step; cells ran side by side, with one thread each.',
      }),
      trialTable(concluded, titleOf),
    ],
    charts: [lossChart(concluded, titleOf), rateChart(concluded, titleOf)],
    rows: curveRows(concluded, results),
    warnings: endWarnings(concluded, titleOf),
  };
}

function judge(
  { config, preset }: Context,
  difference: Interval | undefined,
  stateShare: number,
): { verdict: Verdict; reason: string } {
  const state = `CAME holds ${stateShare.toFixed(3)} of AdamW's state (limit ${config.stateLimit}).`;
  if (preset === 'smoke')
    return { verdict: 'not tested', reason: `The smoke preset is too short to tell. ${state}` };
  if (difference === undefined) return { verdict: 'not met', reason: `A final run diverged. ${state}` };
  const found = `CAME − AdamW is ${signed(difference.mean)} nats`;
  if (Number.isNaN(difference.high)) {
    return {
      verdict: 'not tested',
      reason: `${found}, from one seed, which has no interval: use --seeds 3 or more. ${state}`,
    };
  }
  const near = difference.high < config.margin;
  const small = stateShare <= config.stateLimit;
  const interval = `95 % interval ${signed(difference.low)} to ${signed(difference.high)}, ${difference.n} paired seeds`;
  return {
    verdict: near && small ? 'met' : 'not met',
    reason: `${found} (${interval}); the upper end has to be below ${config.margin}. ${state}`,
  };
}
