/** The tasks of GLUE (Wang et al. 2019) as their files lie: folders, columns, labels, metrics. */
import { UserError } from '../../errors.ts';
import { nearMatches } from '../../experiment/near-matches.ts';

export type GlueMetric = 'accuracy' | 'f1' | 'matthews' | 'pearson' | 'spearman';

export interface Columns {
  /** Columns from 0 of the first and the second text; null: there is one text. */
  readonly a: number;
  readonly b: number | null;
  /** Column of the label; 'last', or null in test files. */
  readonly label: number | 'last' | null;
}

export interface GlueTask {
  readonly name: string;
  readonly folder: string;
  readonly files: { readonly train?: string; readonly dev?: string; readonly test: string };
  readonly columns: Columns;
  readonly testColumns: Columns;
  /** Labels in the files in the order of their ids; null: a number, the task is regression. */
  readonly classes: readonly string[] | null;
  /** CoLA's train and dev files alone begin with data. */
  readonly header: boolean;
  readonly metrics: readonly GlueMetric[];
}

const ENTAILMENT = ['contradiction', 'entailment', 'neutral'];
const TWO_WAY = ['entailment', 'not_entailment'];
const BINARY = ['0', '1'];

const FILES = { train: 'train.tsv', dev: 'dev.tsv', test: 'test.tsv' };
const pair = (a: number, b: number, label: Columns['label']): Columns => ({ a, b, label });
const sentence = (a: number, label: Columns['label']): Columns => ({ a, b: null, label });

function task(
  name: string,
  folder: string,
  columns: Columns,
  testColumns: Columns,
  classes: readonly string[] | null,
  metrics: readonly GlueMetric[],
  more: Partial<GlueTask> = {},
): GlueTask {
  return { name, folder, files: FILES, columns, testColumns, classes, metrics, header: true, ...more };
}

const mnli = (name: string, part: string) =>
  task(name, 'MNLI', pair(8, 9, 'last'), pair(8, 9, null), ENTAILMENT, ['accuracy'], {
    files: { train: 'train.tsv', dev: `dev_${part}.tsv`, test: `test_${part}.tsv` },
  });

export const glueTasks: readonly GlueTask[] = [
  task('cola', 'CoLA', sentence(3, 1), sentence(1, null), BINARY, ['matthews'], { header: false }),
  task('sst-2', 'SST-2', sentence(0, 1), sentence(1, null), BINARY, ['accuracy']),
  task('mrpc', 'MRPC', pair(3, 4, 0), pair(3, 4, null), BINARY, ['accuracy', 'f1']),
  task('sts-b', 'STS-B', pair(7, 8, 'last'), pair(7, 8, null), null, ['pearson', 'spearman']),
  task('qqp', 'QQP', pair(3, 4, 5), pair(1, 2, null), BINARY, ['accuracy', 'f1']),
  mnli('mnli', 'matched'),
  mnli('mnli-mm', 'mismatched'),
  task('ax', 'MNLI', pair(1, 2, null), pair(1, 2, null), ENTAILMENT, [], {
    files: { test: 'diagnostic.tsv' },
  }),
  task('qnli', 'QNLI', pair(1, 2, 'last'), pair(1, 2, null), TWO_WAY, ['accuracy']),
  task('rte', 'RTE', pair(1, 2, 'last'), pair(1, 2, null), TWO_WAY, ['accuracy']),
  task('wnli', 'WNLI', pair(1, 2, 'last'), pair(1, 2, null), BINARY, ['accuracy']),
];

/** Throws UserError, with near matches, where there is none of that name. */
export function findGlueTask(name: string): GlueTask {
  const found = glueTasks.find((candidate) => candidate.name === name.toLowerCase());
  if (found !== undefined) return found;
  const names = glueTasks.map((candidate) => candidate.name);
  throw new UserError(
    `There is no GLUE task ${name}.${nearMatches(name, names)} Tasks: ${names.join(', ')}.`,
  );
}
