import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirectory } from '../../src/data/datasets/download.ts';
import { type GlueExample, type GlueSplit, type GlueTask, readGlue } from '../../src/data/glue/index.ts';
import { GENERATED, type GlueConfig } from './config.ts';
import { generatedRows } from './generated-rows.ts';

export interface GlueRows {
  readonly train: readonly GlueExample[];
  readonly dev: readonly GlueExample[];
  /** Undefined where there is no such file. */
  readonly test: readonly GlueExample[] | undefined;
  readonly skipped: number;
  /** In words. */
  readonly source: string;
}

/** @throws UserError (exit code 3) as `readGlue` */
export async function loadRows(
  task: GlueTask,
  config: Pick<GlueConfig, 'dataDir' | 'skipBadRows'>,
): Promise<GlueRows> {
  if (config.dataDir === GENERATED) {
    const [train, dev] = [generatedRows(task, 256, 0), generatedRows(task, 64, 1)];
    return { train, dev, test: undefined, skipped: 0, source: 'rows made here' };
  }
  const directory = config.dataDir === '' ? join(dataDirectory(), 'glue') : config.dataDir;
  const read = (split: GlueSplit) => readGlue(task, split, directory, { skipBadRows: config.skipBadRows });
  const train = await read('train');
  const dev = await read('dev');
  // The labels of the test set are with the GLUE server, and the file is often left out.
  const test = existsSync(join(directory, task.folder, task.files.test)) ? await read('test') : undefined;
  return {
    train: train.examples,
    dev: dev.examples,
    test: test?.examples,
    skipped: train.skipped.length + dev.skipped.length + (test?.skipped.length ?? 0),
    source: train.path,
  };
}
