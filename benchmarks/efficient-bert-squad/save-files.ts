import { join, resolve } from 'node:path';
import { type StoredModel, saveModel } from '../../src/bert/index.ts';
import type { WordPieceTokenizer } from '../../src/data/index.ts';
import { writeJsonFile } from '../../src/experiment/files-of-run.ts';
import type { SquadAnswered } from '../../src/tasks/index.ts';
import type { SquadCell } from './cells.ts';
import type { SquadConfig } from './config.ts';

interface Finished {
  /** With the best weights. */
  readonly model: StoredModel;
  readonly tokenizer: WordPieceTokenizer;
  readonly answers: readonly SquadAnswered[];
}

/**
 * Writes, where it is wanted, `<saveTo>/<cell>/model`, which `predict` reads, and what the official script of SQuAD reads:
 * `predictions.json`, the answers by id, and for version 2.0 `null-odds.json`, how much more "no answer" scores than the best
 * span. The thresholds of that script are meant for those: it drops answers, so give it the best spans of `spans.json`.
 *
 * @returns that folder, or null where none is wanted
 */
export async function saveFiles(
  cell: SquadCell,
  { model, tokenizer, answers }: Finished,
  { saveTo, version }: SquadConfig,
): Promise<string | null> {
  if (saveTo === '') return null;
  const folder = resolve(saveTo, cell.id);
  const write = (name: string, of: (answered: SquadAnswered) => unknown) =>
    writeJsonFile(join(folder, name), Object.fromEntries(answers.map((own) => [own.id, of(own)])));
  await saveModel(join(folder, 'model'), model, tokenizer);
  await write('predictions.json', ({ answer }) => answer);
  if (version !== '1.1') {
    await write('spans.json', ({ text }) => text);
    await write('null-odds.json', ({ odds }) => odds);
  }
  return folder;
}
