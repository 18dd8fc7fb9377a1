import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Written last: a folder that holds it was made here. */
export const RECORD_FILE = 'dataset.json';

export interface DatasetRecord {
  readonly name: string;
  readonly licence: string;
  readonly downloaded: string;
  readonly sources: readonly { readonly url: string; readonly sha256: string }[];
  /** Size of each file in bytes. */
  readonly files: Readonly<Record<string, number>>;
}

/** damaged: made here, and a file is missing or of another size. foreign: somebody else's, or with files that are not ours. */
export type DatasetState = 'absent' | 'whole' | 'damaged' | 'foreign';

export async function datasetState(folder: string): Promise<DatasetState> {
  const names = await namesIn(folder);
  if (names === undefined) return 'foreign';
  if (names.length === 0) return 'absent';
  const record = await readRecord(folder);
  if (record === undefined) return 'foreign';
  const sizes = await Promise.all(Object.keys(record.files).map((name) => sizeOf(join(folder, name))));
  if (Object.values(record.files).every((bytes, index) => bytes === sizes[index])) return 'whole';
  const ours = new Set([RECORD_FILE, ...Object.keys(record.files)]);
  return names.every((name) => ours.has(name)) ? 'damaged' : 'foreign';
}

/** Undefined where there is none that can be read. */
export async function readRecord(folder: string): Promise<DatasetRecord | undefined> {
  try {
    const record = JSON.parse(
      await readFile(join(folder, RECORD_FILE), 'utf8'),
    ) as Partial<DatasetRecord> | null;
    const whole =
      typeof record?.name === 'string' && typeof record.files === 'object' && record.files !== null;
    return whole ? (record as DatasetRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Empty where there is no such folder; undefined where something else is in its place. */
async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}
