import { join, resolve } from 'node:path';
import { type StoredModel, saveModel } from '../../src/bert/index.ts';
import { glueSubmission } from '../../src/data/glue/index.ts';
import { writeFileOfRun } from '../../src/experiment/files-of-run.ts';
import { glueExamples, gluePrediction, type OutputReader } from '../../src/tasks/index.ts';
import type { GlueCell, GlueResult } from './cells.ts';
import type { GlueConfig } from './config.ts';
import type { GlueData } from './start-cells.ts';

interface Finished extends GlueData {
  /** With the best weights. */
  readonly model: StoredModel;
  readonly read: OutputReader;
  readonly predictions: GlueResult['predictions'];
}

/**
 * Writes, where it is wanted, `<saveTo>/<cell>/model`, which `predict` reads, `dev-predictions.tsv`, and, where there is a test file,
 * `submission.tsv`, which the GLUE server takes.
 *
 * @returns that folder, or null where none is wanted
 */
export async function saveFiles(
  cell: GlueCell,
  { task, rows, tokenizer, model, read, predictions }: Finished,
  { saveTo, length }: GlueConfig,
): Promise<string | null> {
  if (saveTo === '') return null;
  const folder = resolve(saveTo, cell.id);
  await saveModel(join(folder, 'model'), model, tokenizer);
  const name = (value: number) => task.classes?.[value] ?? String(value);
  const lines = predictions.map(
    ({ line, label, prediction }) => `${line}\t${name(label)}\t${name(prediction)}\n`,
  );
  await writeFileOfRun(join(folder, 'dev-predictions.tsv'), `line\tlabel\tprediction\n${lines.join('')}`);
  if (rows.test !== undefined) {
    const outputs = await read(glueExamples(rows.test, tokenizer, length));
    const answers = outputs.map((row) => gluePrediction(task, row));
    await writeFileOfRun(join(folder, 'submission.tsv'), glueSubmission(task, answers));
  }
  return folder;
}
