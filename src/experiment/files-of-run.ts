import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { explainFileError } from './file-errors.ts';
import { writeAtomic } from './write-atomic.ts';

/** Atomic; makes the folders as needed. Throws UserError on a full disk or without permission. */
export async function writeFileOfRun(file: string, data: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomic(file, data);
  } catch (error) {
    throw explainFileError(error, file);
  }
}

export function writeJsonFile(file: string, value: unknown): Promise<void> {
  return writeFileOfRun(file, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * The parsed file, or undefined if there is none; a file that is not JSON is a UserError that names it.
 *
 * @param remedy what to do about a damaged file
 */
export function readJsonFile(
  file: string,
  remedy = 'Delete it and continue with --resume, which makes it anew.',
): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explainFileError(error, file);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${file} is damaged: it is not JSON. ${remedy}`);
  }
}
