import type { WordPieceTokenizer } from '../../src/data/index.ts';
import type { CellContext, CellRunner } from '../../src/experiment/experiment.ts';
import {
  type SquadDevSet,
  type SquadTrainingSet,
  squadDevSet,
  squadTrainingSet,
} from '../../src/tasks/index.ts';
import { modelFolderOf, tokenizerOf } from '../efficient-bert-models/open-task-model.ts';
import type { SquadCell, SquadResult } from './cells.ts';
import type { SquadConfig } from './config.ts';
import { loadQuestions, type SquadQuestions } from './load-questions.ts';
import { runCell } from './run-cell.ts';

/** What all seeds share. */
export interface SquadData {
  readonly questions: SquadQuestions;
  readonly tokenizer: WordPieceTokenizer;
  /** Undefined: the model is drawn anew. */
  readonly folder: string | undefined;
  readonly train: SquadTrainingSet;
  readonly dev: SquadDevSet;
}

export async function startCells(
  context: CellContext<SquadConfig>,
): Promise<CellRunner<SquadCell, SquadResult>> {
  const { config, progress } = context;
  const questions = await loadQuestions(config);
  const folder = await modelFolderOf(config, progress);
  const tokenizer = await tokenizerOf(config, folder, () => texts(questions));
  const train = squadTrainingSet(questions.train, tokenizer, config);
  const dev = squadDevSet(questions.dev, tokenizer, config);
  progress.note(
    `SQuAD ${config.version}: ${questions.train.length} questions in ${train.size} windows to train on (${questions.source}), ` +
      `${questions.dev.length} in ${dev.size} to judge by, vocabulary of ${tokenizer.vocabulary.length} tokens.`,
  );
  if (questions.skipped > 0) progress.warn(`${questions.skipped} damaged records are left out`);
  const data = { questions, tokenizer, folder, train, dev };
  return { run: (cell, cellFolder) => runCell(cell, cellFolder, data, context), dispose() {} };
}

function* texts({ train }: SquadQuestions): Generator<string> {
  let last: string | undefined;
  for (const { question, context } of train) {
    yield question;
    if (context !== last) yield context; // several questions in a row are on the same
    last = context;
  }
}
