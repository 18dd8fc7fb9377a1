import type { GlueTask } from '../../src/data/glue/tasks.ts';
import type { Table } from '../../src/experiment/table.ts';
import type { GlueCell, GlueResult } from './cells.ts';
import type { GlueConfig } from './config.ts';

/** Undefined where nothing was predicted, as after a divergence before the first evaluation. */
export function accuracyOf({ predictions }: Pick<GlueResult, 'predictions'>): number | undefined {
  if (predictions.length === 0) return undefined;
  return predictions.filter(({ label, prediction }) => label === prediction).length / predictions.length;
}

/** Share of the most frequent label of the dev set. */
export function majorityShare(results: readonly Pick<GlueResult, 'predictions'>[]): number | undefined {
  const predictions = results.find((result) => result.predictions.length > 0)?.predictions;
  if (predictions === undefined) return undefined;
  const counts = new Map<number, number>();
  for (const { label } of predictions) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.max(...counts.values()) / predictions.length;
}

export function seedsTable(
  task: GlueTask,
  { model, optimizer, epochs, length }: GlueConfig,
  cells: readonly GlueCell[],
  results: readonly GlueResult[],
): Table {
  const [first] = results;
  return {
    title: `${model} on ${task.name} with ${optimizer}: the best of the evaluations on the dev set`,
    columns: [
      { title: 'seed' },
      ...task.metrics.map((title) => ({ title, digits: 4 })),
      { title: 'dev loss', digits: 4 },
      { title: 'at step' },
      { title: 'steps' },
      { title: 'minutes', digits: 1 },
    ],
    rows: cells.map(({ seed }, i) => {
      const { best, steps, seconds } = results[i] as GlueResult;
      return [
        seed,
        ...task.metrics.map((name) => best?.metrics[name] ?? null),
        best?.loss ?? null,
        best?.step ?? null,
        steps,
        seconds / 60,
      ];
    }),
    note:
      `${first?.parameters.toLocaleString('en-US')} parameters, head included; weights: ${first?.origin}. ` +
      `${first?.trainingExamples} examples, ${epochs} epochs, ${length} tokens at most.`,
  };
}

/** Over all seeds; rows are the labels of the file. Nothing for regression. */
export function confusionTable({ classes, name }: GlueTask, results: readonly GlueResult[]): Table[] {
  if (classes === null) return [];
  const all = results.flatMap(({ predictions }) => predictions);
  return [
    {
      title: `Confusion matrix of ${name}, dev set, ${results.length === 1 ? 'one seed' : `${results.length} seeds together`}`,
      columns: [{ title: 'label' }, ...classes.map((label) => ({ title: `predicted ${label}` }))],
      rows: classes.map((label, id) => [
        label,
        ...classes.map(
          (_, other) => all.filter((one) => one.label === id && one.prediction === other).length,
        ),
      ]),
    },
  ];
}
