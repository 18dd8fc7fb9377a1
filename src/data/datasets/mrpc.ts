import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';

export const TRAIN_SOURCE = 'msr_paraphrase_train.txt';
export const TEST_SOURCE = 'msr_paraphrase_test.txt';
export const DEV_IDS = 'mrpc_dev_ids.tsv';

const HEADER = ['#1 ID', '#2 ID', '#1 String', '#2 String'];

/**
 * GLUE has no archive of MRPC: its train.tsv and dev.tsv are the rows of the corpus' training file without and with the listed
 * pairs of ids, its test.tsv the test file with row numbers in place of the labels.
 */
export async function splitMrpc(folder: string): Promise<void> {
  const training = await readRows(join(folder, TRAIN_SOURCE));
  const ids = await readFile(join(folder, DEV_IDS), 'utf8');
  const development = new Set(ids.split('\n').map((line) => line.trim()));
  const isDevelopment = ([, first, second]: readonly string[]): boolean =>
    development.has(`${first}\t${second}`);
  const labelled = ['Quality', ...HEADER];
  await write(join(folder, 'train.tsv'), [labelled, ...training.filter((row) => !isDevelopment(row))]);
  await write(join(folder, 'dev.tsv'), [labelled, ...training.filter(isDevelopment)]);
  const test = await readRows(join(folder, TEST_SOURCE));
  const numbered = test.map(([, ...row], index) => [String(index), ...row]);
  await write(join(folder, 'test.tsv'), [['index', ...HEADER], ...numbered]);
  for (const name of [TRAIN_SOURCE, TEST_SOURCE, DEV_IDS]) await rm(join(folder, name));
}

/** label, id, id, sentence, sentence; without the header. */
async function readRows(file: string): Promise<string[][]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.slice(1).flatMap((line, index) => {
    const text = line.trim();
    if (text === '') return [];
    const row = text.split('\t');
    if (row.length === 5) return [row];
    throw new UserError(`${file}, line ${index + 2}: ${row.length} columns where 5 are expected.`, 3);
  });
}

function write(file: string, rows: readonly (readonly string[])[]): Promise<void> {
  return writeFile(file, `${rows.map((row) => row.join('\t')).join('\n')}\n`, { flush: true });
}
