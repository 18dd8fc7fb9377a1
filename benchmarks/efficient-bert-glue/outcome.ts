import { findGlueTask, type GlueTask } from '../../src/data/glue/tasks.ts';
import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import type { CellsPlan, Outcome, Verdict } from '../../src/experiment/experiment.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import { spread } from '../came-training/metrics.ts';
import { curveRows } from '../efficient-bert-models/curve-rows.ts';
import { type GlueCell, type GlueResult, type GlueResults, glueCells } from './cells.ts';
import { GENERATED, type GlueConfig } from './config.ts';
import { accuracyOf, confusionTable, majorityShare, seedsTable } from './tables.ts';

/** Every cell is there. */
export function outcome({ config, seeds }: CellsPlan<GlueConfig>, results: GlueResults): Outcome {
  const task = findGlueTask(config.task);
  const cells = glueCells(config.task, seeds);
  const own = cells.map(({ id }) => results.get(id) as GlueResult);
  return {
    ...judge(task, config, own),
    metrics: metricsOf(task, own),
    tables: [seedsTable(task, config, cells, own), ...confusionTable(task, own)],
    charts: [learningCurve(task, cells, own)],
    rows: curveRows(cells, own),
    warnings: warningsOf(config, own),
  };
}

/** By the worst seed, and the slowest. */
function judge(
  task: GlueTask,
  { model, points, minutes, dataDir }: GlueConfig,
  results: readonly GlueResult[],
): { readonly verdict: Verdict; readonly reason: string } {
  if (task.classes === null) {
    return { verdict: 'not tested', reason: `${task.name} is regression: there is no majority class.` };
  }
  const accuracies = results.map(accuracyOf);
  const worst = Math.min(...accuracies.map((accuracy) => accuracy ?? 0));
  const majority = majorityShare(results) ?? 0;
  const slowest = Math.max(...results.map(({ seconds }) => seconds)) / 60;
  const above = 100 * (worst - majority);
  const found =
    `${model} on ${task.name} has ${percent(worst)} of the dev set right with its worst of ${results.length} seeds, ` +
    `${above.toFixed(1)} points above the majority class (${percent(majority)}), after ${slowest.toFixed(1)} min.`;
  if (dataDir === GENERATED)
    return { verdict: 'not tested', reason: `The rows were made here, for a try. ${found}` };
  if (task.name !== 'sst-2') return { verdict: 'not tested', reason: `The claim is about sst-2. ${found}` };
  return { verdict: above >= points && slowest <= minutes ? 'met' : 'not met', reason: found };
}

function metricsOf(task: GlueTask, results: readonly GlueResult[]): Record<string, number> {
  const found: Record<string, number> = { diverged: results.filter(({ diverged }) => diverged).length };
  const whole = results.flatMap(({ best, diverged }) => (best && !diverged ? [best] : []));
  if (whole.length === 0) return found;
  for (const name of task.metrics)
    Object.assign(found, spread(name, meanInterval(whole.map(({ metrics }) => metrics[name] as number))));
  Object.assign(found, spread('loss', meanInterval(whole.map(({ loss }) => loss))));
  const accuracies = results.map(accuracyOf).filter((accuracy) => accuracy !== undefined);
  const majority = majorityShare(results);
  if (majority !== undefined && accuracies.length > 0) {
    found.majority = majority;
    Object.assign(found, spread('pointsAboveMajority', pointsAbove(accuracies, majority)));
  }
  found.seconds = meanInterval(results.map(({ seconds }) => seconds)).mean;
  found.parameters = results[0]?.parameters ?? 0;
  return found;
}

function pointsAbove(accuracies: readonly number[], majority: number) {
  return meanInterval(accuracies.map((accuracy) => 100 * (accuracy - majority)));
}

function learningCurve(task: GlueTask, cells: readonly GlueCell[], results: readonly GlueResult[]): Chart {
  const metric =
    task.metrics.length === 1 ? (task.metrics[0] as string) : `mean of ${task.metrics.join(' and ')}`;
  return curveChart(
    {
      name: 'learning-curve',
      title: `Dev ${metric} of ${task.name} against steps`,
      description: `What the best weights are chosen by, ${metric} on the dev set, after so many steps; one curve for each seed.`,
    },
    { x: 'step', y: metric, points: true },
    cells.flatMap(({ seed }, i) =>
      (results[i]?.curve ?? []).map(({ step, selection }) => ({
        contestant: `seed ${seed}`,
        x: step,
        y: meanInterval([selection]),
      })),
    ),
  );
}

function warningsOf({ dataDir }: GlueConfig, results: readonly GlueResult[]): string[] {
  const skipped = results[0]?.skippedRows ?? 0;
  return [
    ...(dataDir === GENERATED
      ? ['The rows were made here, for a try: they say nothing about GLUE. Name the folder with --data-dir …']
      : []),
    ...(skipped > 0 ? [`${skipped} damaged rows were left out.`] : []),
    ...(results.length > 0 && dataDir !== GENERATED
      ? [
          'The best of the evaluations on the dev set is reported, as usual for GLUE: it is a little above what new texts would give.',
        ]
      : []),
  ];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
