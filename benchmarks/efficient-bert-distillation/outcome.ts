import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import type { CellsPlan, Outcome } from '../../src/experiment/experiment.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import type { Table } from '../../src/experiment/table.ts';
import { type Bar, judge } from '../bar.ts';
import { spread } from '../came-training/metrics.ts';
import { GENERATED } from '../efficient-bert-glue/config.ts';
import {
  type DistillationCell,
  type DistillationResult,
  distillationCells,
  type StudentResult,
} from './cells.ts';
import type { DistillationConfig } from './config.ts';
import { chosenWays, WAYS, type Way } from './ways.ts';

/** Every cell is there. */
export function outcome(
  { config, seeds }: CellsPlan<DistillationConfig>,
  results: ReadonlyMap<string, DistillationResult>,
): Outcome {
  const cells = distillationCells(seeds);
  const own = cells.map(({ id }) => results.get(id) as DistillationResult);
  const metrics = metricsOf(config, own);
  return {
    ...verdictOf(config, metrics),
    metrics,
    tables: [waysTable(config, own), seedsTable(cells, own)],
    charts: [budgetChart(config, own)],
    rows: cells.flatMap(({ id, seed }, i) =>
      (own[i]?.students ?? []).map(({ way, epochs, score, parameters, seconds }) => ({
        cell: id,
        seed,
        way,
        epochs,
        score,
        parameters,
        seconds,
      })),
    ),
    warnings: warningsOf(config, own),
  };
}

function verdictOf(
  { dataDir, task, timesSmaller, timesFaster, shareKept }: DistillationConfig,
  metrics: Readonly<Record<string, number>>,
) {
  const bars: Bar[] = [
    { metric: 'timesSmaller', atLeast: timesSmaller },
    { metric: 'timesFaster', atLeast: timesFaster },
    { metric: 'warm-up.shareKept.worst', atLeast: shareKept },
  ].filter(({ atLeast }) => atLeast > 0);
  const untested =
    dataDir === GENERATED
      ? 'The rows were made here, for a try.'
      : task === 'sst-2'
        ? undefined
        : 'The claim is about sst-2.';
  return judge(bars, metrics, untested);
}

/** Of the largest budget. */
function studentsOf({ epochs }: DistillationConfig, { students }: DistillationResult, way: Way) {
  const largest = Math.max(...epochs);
  return students.find((student) => student.way === way && student.epochs === largest);
}

function metricsOf(
  config: DistillationConfig,
  results: readonly DistillationResult[],
): Record<string, number> {
  const metrics: Record<string, number> = {
    ...spread('teacher', meanInterval(results.map(({ teacher }) => teacher.score))),
    timesFaster: Math.min(...results.map(({ timesFaster }) => timesFaster)),
  };
  for (const way of chosenWays(config.ways)) {
    const pairs = results.flatMap((result) => {
      const student = studentsOf(config, result, way);
      return student ? [{ student, kept: student.score / result.teacher.score, result }] : [];
    });
    if (pairs.length === 0) continue;
    Object.assign(metrics, spread(way, meanInterval(pairs.map(({ student }) => student.score))));
    Object.assign(metrics, spread(`${way}.shareKept`, meanInterval(pairs.map(({ kept }) => kept))));
    metrics[`${way}.shareKept.worst`] = Math.min(...pairs.map(({ kept }) => kept));
    metrics.timesSmaller = Math.min(
      metrics.timesSmaller ?? Number.POSITIVE_INFINITY,
      ...pairs.map(({ result, student }) => result.teacher.parameters / student.parameters),
    );
  }
  return metrics;
}

function waysTable(config: DistillationConfig, results: readonly DistillationResult[]): Table {
  const teacher = meanInterval(results.map((result) => result.teacher.score));
  const rows = chosenWays(config.ways).map((way) => {
    const students = results.flatMap((result) => studentsOf(config, result, way) ?? []);
    const kept = results.flatMap((result) => {
      const student = studentsOf(config, result, way);
      return student ? [(100 * student.score) / result.teacher.score] : [];
    });
    const minutes = students.reduce((sum, { seconds }) => sum + seconds, 0) / 60 / students.length;
    return [
      WAYS[way],
      meanInterval(students.map(({ score }) => score)),
      meanInterval(kept),
      students[0]?.parameters ?? null,
      minutes,
    ];
  });
  return {
    title: `The same student by ways to train it, ${config.task}, ${Math.max(...config.epochs)} epochs of the task`,
    columns: [
      { title: 'model' },
      { title: 'score', digits: 4 },
      { title: '% of the teacher', digits: 1 },
      { title: 'parameters' },
      { title: 'minutes', digits: 1 },
    ],
    rows: [
      [
        'teacher',
        teacher,
        100,
        results[0]?.teacher.parameters ?? null,
        (results[0]?.teacher.seconds ?? 0) / 60,
      ],
      ...rows,
    ],
    note:
      'On the dev set, the best of the evaluations of each; ± is the 95 % interval over seeds. Minutes without pre-training the ' +
      `supernet, which took ${((results[0]?.pretrainingSeconds ?? 0) / 60).toFixed(1)}. Student: ${results[0]?.expressions.join(' ')}`,
  };
}

function seedsTable(cells: readonly DistillationCell[], results: readonly DistillationResult[]): Table {
  return {
    title: 'Each training',
    columns: [
      { title: 'seed' },
      { title: 'way' },
      { title: 'epochs' },
      { title: 'score', digits: 4 },
      { title: 'teacher', digits: 4 },
      { title: 'failure' },
    ],
    rows: cells.flatMap(({ seed }, i) => {
      const { students, teacher } = results[i] as DistillationResult;
      return students.map(({ way, epochs, score, failure }: StudentResult) => [
        seed,
        WAYS[way],
        epochs,
        score,
        teacher.score,
        failure ?? '',
      ]);
    }),
  };
}

function budgetChart(
  { ways, epochs, task }: DistillationConfig,
  results: readonly DistillationResult[],
): Chart {
  const teacher = meanInterval(results.map((result) => result.teacher.score));
  return curveChart(
    {
      name: 'score-by-budget',
      title: `Dev score by epochs of the task, ${task}`,
      description:
        'Dev score of the same student after so many epochs, one curve for each way to train it, and the teacher.',
    },
    { x: 'epochs', y: 'score', points: true },
    [
      ...epochs.map((x) => ({ contestant: 'teacher', x, y: teacher })),
      ...chosenWays(ways).flatMap((way) =>
        epochs.map((x) => {
          const scores = results.flatMap(({ students }) =>
            students.filter((one) => one.way === way && one.epochs === x).map(({ score }) => score),
          );
          return { contestant: WAYS[way], x, y: meanInterval(scores) };
        }),
      ),
    ],
  );
}

function warningsOf({ dataDir }: DistillationConfig, results: readonly DistillationResult[]): string[] {
  const failures = results.flatMap(({ students }) => students.flatMap(({ failure }) => failure ?? []));
  const source =
    dataDir === GENERATED
      ? 'The rows were made here, for a try: they say nothing about GLUE. Name the folder with --set dataDir=…'
      : 'The best of the evaluations on the dev set is reported, as usual for GLUE: it is a little above what new texts would give.';
  return [source, ...failures];
}
