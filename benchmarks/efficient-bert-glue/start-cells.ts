import { findGlueTask, type GlueTask } from '../../src/data/glue/index.ts';
import type { WordPieceTokenizer } from '../../src/data/index.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import { type ExampleSet, glueExamples } from '../../src/tasks/index.ts';
import { modelFolderOf, tokenizerOf } from '../efficient-bert-models/open-task-model.ts';
import type { GlueCell, GlueResult } from './cells.ts';
import type { GlueConfig } from './config.ts';
import { type GlueRows, loadRows } from './load-rows.ts';
import { runCell } from './run-cell.ts';

/** What all seeds share. */
export interface GlueData {
  readonly task: GlueTask;
  readonly rows: GlueRows;
  readonly tokenizer: WordPieceTokenizer;
  /** Undefined: the model is drawn anew. */
  readonly folder: string | undefined;
  readonly train: ExampleSet;
  readonly dev: ExampleSet;
}

export async function startCells(
  context: CellContext<GlueConfig>,
): Promise<CellRunner<GlueCell, GlueResult>> {
  const { config, progress } = context;
  const task = findGlueTask(config.task);
  const rows = await loadRows(task, config);
  const folder = await modelFolderOf(config, progress);
  const tokenizer = await tokenizerOf(config, folder, () => texts(rows));
  progress.note(
    `${task.name}: ${rows.train.length} examples to train on (${rows.source}), ${rows.dev.length} to judge by, ` +
      `vocabulary of ${tokenizer.vocabulary.length} tokens.`,
  );
  if (rows.skipped > 0) progress.warn(`${rows.skipped} damaged rows are left out`);
  const encode = (examples: GlueRows['train']) => glueExamples(examples, tokenizer, config.length);
  const data = { task, rows, tokenizer, folder, train: encode(rows.train), dev: encode(rows.dev) };
  return { run: (cell, cellFolder) => runCell(cell, cellFolder, data, context), dispose() {} };
}

function* texts({ train }: GlueRows): Generator<string> {
  for (const { a, b } of train) {
    yield a;
    if (b !== null) yield b;
  }
}
