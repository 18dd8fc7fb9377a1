import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirectory } from '../../src/data/datasets/download.ts';
import { readSquad, type SquadQuestion } from '../../src/data/squad/index.ts';
import { GENERATED, type SquadConfig } from './config.ts';
import { generatedQuestions } from './generated-questions.ts';

export interface SquadQuestions {
  readonly train: readonly SquadQuestion[];
  readonly dev: readonly SquadQuestion[];
  /** Damaged records. */
  readonly skipped: number;
  /** In words. */
  readonly source: string;
}

/** @throws UserError (exit code 3) as `readSquad` */
export async function loadQuestions(config: SquadConfig): Promise<SquadQuestions> {
  const { version, dataDir, skipBadRows, trainingQuestions, devQuestions } = config;
  if (dataDir === GENERATED) {
    const train = generatedQuestions(256, 0, version);
    const dev = generatedQuestions(64, 1, version);
    return { train, dev, skipped: 0, source: 'questions made here' };
  }
  const folder = folderOf(dataDir === '' ? dataDirectory() : dataDir, version);
  const read = (split: string) => readSquad(join(folder, `${split}-v${version}.json`), { skipBadRows });
  const [train, dev] = [await read('train'), await read('dev')];
  return {
    train: spread(train.questions, trainingQuestions),
    dev: spread(dev.questions, devQuestions),
    skipped: train.skipped.length + dev.skipped.length,
    source: train.path,
  };
}

/** The folder itself where the files lie there, as the README of EfficientBERT's authors has it; else the one their code wants. */
function folderOf(directory: string, version: string): string {
  return existsSync(join(directory, `train-v${version}.json`))
    ? directory
    : join(directory, `squad${version}`);
}

/** So many of them at even distances; 0, or more than there are: all. */
function spread<T>(all: readonly T[], wanted: number): readonly T[] {
  if (wanted === 0 || wanted >= all.length) return all;
  return Array.from({ length: wanted }, (_, i) => all[Math.floor((i * all.length) / wanted)] as T);
}
