import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { UserError } from '../../errors.ts';

/** Reads a JSON file of a run; throws UserError that names the file, and where in it, if it does not hold what it should. */
export function readStored<T>(file: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'is missing' : `cannot be read (${code})`;
    throw new UserError(`${file} ${why}.`, 3);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${file} is damaged: it is not JSON.`);
  }
  const parsed = schema.safeParse(value);
  // As it stands in the file, its keys in their order: the schema has only looked at it.
  if (parsed.success) return value as T;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw new UserError(
    `${file} is damaged or of another version${where}: ${issue?.message ?? 'unknown form'}.`,
  );
}
