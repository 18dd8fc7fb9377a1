import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Columns, GlueTask } from './tasks.ts';

export interface GlueExample {
  /** From 1, in the file. */
  readonly line: number;
  readonly a: string;
  readonly b: string | null;
  /** Id of the class, or the score of a regression task; null in test files. */
  readonly label: number | null;
}

/** A row that cannot be used, and why. */
export interface BadRow {
  readonly path: string;
  readonly line: number;
  /** From 1; 0: the row as a whole. */
  readonly column: number;
  readonly problem: string;
}

export interface GlueFile {
  readonly path: string;
  readonly examples: readonly GlueExample[];
  /** Empty unless bad rows are skipped. */
  readonly skipped: readonly BadRow[];
}

export type GlueSplit = 'train' | 'dev' | 'test';

/**
 * Reads `<directory>/<folder>/<file>`: tab separated, without quoting, UTF-8 with or without a byte order mark, lines ending in
 * LF or CRLF. A row that is damaged (missing columns, an empty text, an unknown label, a NUL, bytes that are not UTF-8) is
 * an error that names file, line and column, unless `skipBadRows`.
 *
 * @throws UserError (exit code 3) for a missing file, a bad row, or a file without a usable one
 */
export async function readGlue(
  task: GlueTask,
  split: GlueSplit,
  directory: string,
  { skipBadRows = false }: { readonly skipBadRows?: boolean } = {},
): Promise<GlueFile> {
  const name = task.files[split];
  if (name === undefined) throw new UserError(`GLUE task ${task.name} has no ${split} file.`);
  const path = join(directory, task.folder, name);
  const bytes = await readBytes(path, task, directory);
  const columns = split === 'test' ? task.testColumns : task.columns;
  const header = task.header || split === 'test';
  const examples: GlueExample[] = [];
  const skipped: BadRow[] = [];
  for (const { line, raw } of rows(bytes)) {
    if (header && line === 1) {
      refuseData(raw, columns, task, path);
      continue;
    }
    const row = parseRow(raw, line, columns, task, path);
    if ('problem' in row) {
      if (!skipBadRows) throw badRow(row);
      skipped.push(row);
    } else examples.push(row);
  }
  if (examples.length === 0) throw new UserError(`${path} holds no usable row.`, 3);
  return { path, examples, skipped };
}

async function readBytes(path: string, task: GlueTask, directory: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw new UserError(`Cannot read ${path}: ${(error as Error).message}.`, 3);
    }
    throw new UserError(
      `${path} does not exist. ${directory} must hold GLUE in its own layout (${task.folder}/${task.files.dev ?? task.files.test}, …); ` +
        `\`data download ${task.name}\` fetches it.`,
      3,
    );
  }
}

/** Lines with their numbers, without line ends, byte order mark and empty last line. */
function* rows(bytes: Uint8Array): Generator<{ line: number; raw: Uint8Array }> {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let line = 1; start < bytes.length; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed;
    const last = bytes[end - 1] === 0x0d && end > start ? end - 1 : end;
    yield { line, raw: bytes.subarray(start, last) };
    start = end + 1;
  }
}

function parseRow(
  raw: Uint8Array,
  line: number,
  columns: Columns,
  task: GlueTask,
  path: string,
): GlueExample | BadRow {
  const bad = (column: number, problem: string): BadRow => ({ path, line, column, problem });
  if (!isUtf8(raw)) return bad(0, `it is not UTF-8: ${shown(Buffer.from(raw).toString('latin1'))}`);
  const text = Buffer.from(raw).toString('utf8');
  if (text.includes('\0')) return bad(0, `it holds a NUL character: ${shown(text)}`);
  const fields = text.split('\t');
  const labelColumn = columns.label === 'last' ? fields.length - 1 : columns.label;
  const needed = Math.max(columns.a, columns.b ?? 0, typeof columns.label === 'number' ? columns.label : 0);
  // The label of a row that lost a column must not be one of its texts.
  const least = columns.label === 'last' ? needed + 2 : needed + 1;
  if (fields.length < least) {
    return bad(0, `it has ${fields.length} columns, and at least ${least} are needed: ${shown(text)}`);
  }
  for (const column of columns.b === null ? [columns.a] : [columns.a, columns.b]) {
    if ((fields[column] as string).trim() === '') return bad(column + 1, 'the text is empty');
  }
  const label = labelColumn === null ? null : parseLabel(fields[labelColumn] as string, task);
  if (label === undefined) {
    const wanted = task.classes === null ? 'a number' : `one of ${task.classes.join(', ')}`;
    return bad(
      (labelColumn as number) + 1,
      `the label is ${shown(fields[labelColumn as number] as string)}, not ${wanted}`,
    );
  }
  return {
    line,
    a: fields[columns.a] as string,
    b: columns.b === null ? null : (fields[columns.b] as string),
    label,
  };
}

function parseLabel(field: string, { classes }: GlueTask): number | undefined {
  if (classes !== null) {
    const id = classes.indexOf(field);
    return id < 0 ? undefined : id;
  }
  const score = field.trim() === '' ? Number.NaN : Number(field);
  return Number.isFinite(score) ? score : undefined;
}

/** A first line that would be a good row is data: a file without its header would lose it. */
function refuseData(raw: Uint8Array, columns: Columns, task: GlueTask, path: string): void {
  if (columns.label === null || 'problem' in parseRow(raw, 1, columns, task, path)) return;
  throw new UserError(
    `${path}, line 1: it is data, and a line with the names of the columns is expected there: ${shown(Buffer.from(raw).toString('utf8'))}`,
    3,
  );
}

function badRow({ path, line, column, problem }: BadRow): UserError {
  const where = column === 0 ? `${path}, line ${line}` : `${path}, line ${line}, column ${column}`;
  return new UserError(`${where}: ${problem}. Mend the row, or leave such rows out with --skip-bad-rows.`, 3);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}
