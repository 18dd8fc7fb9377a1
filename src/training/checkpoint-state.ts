import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { parseStrictJson } from './strict-json.ts';

/** Anything that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export const FORMAT = 'tfjs-methods checkpoint';
export const FORMAT_VERSION = 1;

const file = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** `state.json` of a checkpoint. */
const schema = z.strictObject({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  /** Updates done. */
  step: z.int().nonnegative(),
  /** Class of the optimizer. */
  optimizer: z.string(),
  /** State of each random stream by name; for random windows, 'data' is the position in the data. */
  streams: z.record(z.string(), z.array(z.int())),
  /** Batches drawn since the beginning. */
  dataPosition: z.int().nonnegative(),
  /** What must be the same for the run to be continued. */
  config: z.json(),
  /** Of the software that wrote it, for information. */
  versions: z.record(z.string(), z.string()),
  files: z.strictObject({ weights: file, optimizer: file }),
});

export type CheckpointState = Omit<z.infer<typeof schema>, 'config'> & { readonly config: Json };

/** Writes and fsyncs it, with a sha256 of its own. Numbers survive JSON exactly: JavaScript writes the shortest form that reads back. */
export async function writeState(path: string, state: CheckpointState): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(`${JSON.stringify({ ...state, sha256: digest(state) }, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * @param where the checkpoint, for messages
 * @throws UserError (exit code 3) naming the field that is missing or wrong
 */
export async function readState(path: string, where: string): Promise<CheckpointState> {
  const refuse = (problem: string) => new UserError(`${where}, state.json: ${problem}.`, 3);
  let raw: unknown;
  try {
    raw = parseStrictJson(await readFile(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(
      code === 'ENOENT' ? 'the file is missing' : `not valid JSON, perhaps truncated (${message})`,
    );
  }
  if (typeof raw !== 'object' || raw === null) throw refuse('not a JSON object');
  const { sha256, ...rest } = raw as Record<string, unknown>;
  if (rest.format !== FORMAT) {
    throw refuse(
      `format: ${JSON.stringify(rest.format)} where ${JSON.stringify(FORMAT)} was expected; this is no checkpoint of ours`,
    );
  }
  if (rest.formatVersion !== FORMAT_VERSION) {
    throw refuse(
      `formatVersion: ${JSON.stringify(rest.formatVersion)}, and this program reads ${FORMAT_VERSION}`,
    );
  }
  const parsed = schema.safeParse(rest);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
  }
  if (sha256 !== digest(rest)) throw refuse('sha256: the contents are not those that were written');
  return parsed.data as CheckpointState;
}

/**
 * The first place where two values differ, as 'config.model.width: 64 in the checkpoint, 128 here'; undefined if they are equal. The
 * order of an object's fields does not matter; a field that is undefined counts as missing, as JSON has it.
 */
export function firstDifference(
  saved: Json | undefined,
  current: Json | undefined,
  path: string,
): string | undefined {
  if (isObject(saved) && isObject(current)) {
    for (const name of new Set([...Object.keys(saved), ...Object.keys(current)])) {
      const found = firstDifference(saved[name], current[name], `${path}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (Array.isArray(saved) && Array.isArray(current)) {
    for (let i = 0; i < Math.max(saved.length, current.length); i++) {
      const found = firstDifference(saved[i], current[i], `${path}.${i}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (saved === current) return undefined;
  return `${path}: ${JSON.stringify(saved) ?? 'nothing'} in the checkpoint, ${JSON.stringify(current) ?? 'nothing'} here`;
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function digest(state: unknown): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}
