import { relative } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { textTable } from '../../src/experiment/table.ts';
import { causeOfFailure } from '../../src/file-errors.ts';
import { cacheDirectory } from '../../src/native/setup/paths.ts';
import { type Kept, KINDS, keptFiles, type Places } from '../kept/index.ts';
import { formatBytes } from './format-bytes.ts';

/** The options of `clean`: what is absent was not named. */
export interface CleanOptions {
  /** True: the word was left out, and the unfinished ones are meant. */
  readonly runs?: true | 'unfinished' | 'all';
  readonly downloads?: true;
  readonly native?: true;
  readonly datasets?: true;
  readonly models?: true;
  /** Where the run directories are; default: runs. */
  readonly dir?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

type Fate = 'kept' | 'would be deleted' | 'deleted' | 'refused' | 'left alone';

interface Told {
  readonly kept: Kept;
  readonly fate: Fate;
  /** Why it was refused, or what was left in it. */
  readonly note: string;
}

/**
 * Lists what this package keeps on the disk, and deletes what is named. Returns the exit code: 2 where something that was named
 * is in use.
 */
export async function cleanCommand(
  options: CleanOptions,
  invocation: string,
  places: Places = { runs: options.dir ?? 'runs', cache: cacheDirectory() },
): Promise<number> {
  const all = await keptFiles(places);
  const told: Told[] = [];
  for (const kept of all) {
    told.push(isNamed(kept, options) ? await deal(kept, options) : { kept, fate: 'kept', note: '' });
  }
  if (options.json) print(JSON.stringify(told.map(plain), null, 2));
  else print(options.runs || anyCache(options) ? outcome(told, options) : overview(told, places, invocation));
  return told.some(({ fate }) => fate === 'refused') ? 2 : 0;
}

function isNamed({ kind, what, foreign }: Kept, options: CleanOptions): boolean {
  if (kind !== 'runs') return options[kind] === true;
  if (options.runs === undefined) return false;
  return foreign === true || options.runs === 'all' || what === 'interrupted';
}

async function deal(kept: Kept, { dryRun }: CleanOptions): Promise<Told> {
  if (kept.blocked !== undefined)
    return { kept, fate: kept.foreign ? 'left alone' : 'refused', note: kept.blocked };
  if (dryRun) return { kept, fate: 'would be deleted', note: '' };
  try {
    const left = await kept.remove();
    const note = left.length === 0 ? '' : `left in it, as not ours: ${left.join(', ')}`;
    return { kept, fate: 'deleted', note };
  } catch (error) {
    return { kept, fate: 'refused', note: whyNotDeleted(error) };
  }
}

function whyNotDeleted(error: unknown): string {
  const cause = causeOfFailure(error) ?? (error instanceof Error ? causeOfFailure(error.cause) : undefined);
  if (cause !== undefined) return `cannot be deleted: ${cause}`;
  if (error instanceof UserError) return error.message;
  throw error;
}

function anyCache(options: CleanOptions): boolean {
  return KINDS.some((kind) => kind !== 'runs' && options[kind] === true);
}

function overview(told: readonly Told[], places: Places, invocation: string): string {
  const rows = told.map(({ kept }) => [
    kept.kind,
    kept.what,
    size(kept),
    shown(kept.path),
    kept.blocked ?? '',
  ]);
  const sums = KINDS.map(
    (kind) => `${kind} ${formatBytes(sum(told.filter(({ kept }) => kept.kind === kind)))}`,
  );
  return [
    told.length === 0
      ? `Nothing is kept in ${places.runs} and ${places.cache}.`
      : table(`Kept in ${places.runs} and ${places.cache}`, ['kind', 'what', 'size', 'where', ''], rows),
    '',
    `In all: ${sums.join(', ')}. Nothing was deleted: name what should be, and look first with --dry-run.`,
    `  ${invocation} clean --runs unfinished --dry-run`,
  ].join('\n');
}

function outcome(told: readonly Told[], options: CleanOptions): string {
  const concerned = told.filter(({ fate }) => fate !== 'kept');
  const rows = concerned.map(({ kept, fate, note }) => [
    fate,
    kept.kind,
    kept.what,
    size(kept),
    shown(kept.path),
    note,
  ]);
  const gone = concerned.filter(({ fate }) => fate === 'deleted' || fate === 'would be deleted');
  const verb = options.dryRun ? 'Would delete' : 'Deleted';
  const lines = [`${verb} ${gone.length} of ${told.length} things, ${formatBytes(sum(gone))}.`];
  if (gone.some(({ kept }) => kept.kind === 'native')) {
    lines.push('The tensorflow backend needs what is deleted here; `setup` makes it anew.');
  }
  const columns = ['', 'kind', 'what', 'size', 'where', ''];
  return [...(rows.length === 0 ? [] : [table('Named', columns, rows), '']), ...lines].join('\n');
}

function table(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return textTable({ title, columns: columns.map((name) => ({ title: name })), rows });
}

function size({ bytes }: Kept): string {
  return formatBytes(bytes).padStart(8);
}

function sum(told: readonly Told[]): number {
  return told.reduce((total, { kept }) => total + kept.bytes, 0);
}

function shown(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}

function plain({ kept: { kind, what, path, bytes, blocked }, fate, note }: Told) {
  return { kind, what, path, bytes, blocked: blocked ?? null, fate, note };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
