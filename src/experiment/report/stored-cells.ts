import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readStored } from './read-stored.ts';

/** cells/<id>.json, whatever the experiment put into it. */
const schema = z.object({
  cell: z.looseObject({ id: z.string() }),
  result: z.unknown(),
  seconds: z.number().optional(),
  process: z
    .looseObject({ host: z.string(), pid: z.number(), backend: z.string(), started: z.string() })
    .optional(),
});

export type StoredCell = z.infer<typeof schema>;

/** Every finished cell of a run directory, in the order of the names; none where no cell is finished yet. */
export function readStoredCells(directory: string): StoredCell[] {
  const folder = join(directory, 'cells');
  return cellFiles(folder).map((name) => readStoredCell(join(folder, name)));
}

export function readStoredCell(file: string): StoredCell {
  return readStored(file, schema);
}

/** The names of the files of finished cells; what is just being written has another ending. */
export function cellFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort(new Intl.Collator('en', { numeric: true }).compare);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
