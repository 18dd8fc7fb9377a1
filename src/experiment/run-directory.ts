import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { explainFileError } from './file-errors.ts';
import { readJsonFile, writeFileOfRun, writeJsonFile } from './files-of-run.ts';
import { lockDirectory } from './lock.ts';
import { temporaryEnding } from './write-atomic.ts';

/** `new`: the directory must not exist. `resume`: it must. `overwrite`: it may; {@link RunDirectory.clear} deletes what is in it. */
export type OpenMode = 'new' | 'resume' | 'overwrite';

/** What a run writes at the top of its directory; `clear` deletes these and nothing else. */
const ours = [
  /^config\.json$/,
  /^environment\.json$/,
  /^metrics\.csv$/,
  /^outcome\.json$/,
  /^summary\.json$/,
  /^report\.(html|md)$/,
  /^tables$/,
  /^tensorboard$/,
  /^[a-z0-9-]+\.svg$/,
  /^cells$/,
  /^checkpoints$/,
];

/**
 * Where one run keeps what it finds: config.json, environment.json, cells/, checkpoints/ while it goes on; metrics.csv, the
 * SVGs, report.html, outcome.json and, last of all, summary.json when it ends. One process at a time.
 */
export class RunDirectory {
  readonly path: string;
  readonly #release: () => void;
  readonly #made: boolean;

  private constructor(path: string, release: () => void, made: boolean) {
    this.path = path;
    this.#release = release;
    this.#made = made;
  }

  /** Opens and locks; throws UserError where the directory exists, does not, is someone else's, is in use, or cannot be written. */
  static open(where: string, mode: OpenMode): RunDirectory {
    const path = resolve(where);
    try {
      const made = makeDirectory(path, mode);
      if (!made) refuseForeign(path);
      const release = lockDirectory(path);
      clearLeftovers(path);
      return new RunDirectory(path, release, made);
    } catch (error) {
      throw explainFileError(error, path);
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Atomic; makes the folders in `name` as needed. Throws UserError on a full disk or without permission. */
  async write(name: string, data: string | Uint8Array): Promise<void> {
    await writeFileOfRun(this.file(name), data);
  }

  writeJson(name: string, value: unknown): Promise<void> {
    return writeJsonFile(this.file(name), value);
  }

  /** The parsed file, or undefined if there is none; a file that is not JSON is a UserError that names it. */
  readJson(name: string): unknown {
    return readJsonFile(this.file(name));
  }

  /** Deletes a file or folder of this run, if it is there. */
  remove(name: string): void {
    rmSync(this.file(name), { recursive: true, force: true });
  }

  /** Deletes what an earlier run wrote, and no other file. */
  clear(): void {
    deleteEntries(this.path, isOurs);
  }

  /**
   * Deletes what a run wrote, and what a dead process left, where the disk is so full that not even a lock can be written. The
   * caller has seen that nobody holds the directory, and nobody can begin to while the disk is full.
   */
  static clearOnFullDisk(path: string): void {
    refuseForeign(path);
    deleteEntries(path, (entry) => isOurs(entry) || isLeftover(entry));
  }

  /** Lets other processes have the directory; one that was made here and in which nothing was written is removed again. */
  release(): void {
    this.#release();
    if (this.#made && readdirSync(this.path).length === 0) rmdirSync(this.path);
  }
}

/** True if it made the directory, false if it was there already. */
function makeDirectory(path: string, mode: OpenMode): boolean {
  if (mode === 'resume' && !existsSync(path)) {
    throw new UserError(
      `${path} does not exist: there is nothing to resume. Leave out --resume to start there.`,
    );
  }
  if (mode !== 'new' && existsSync(path)) return false;
  try {
    makeParents(dirname(path));
    mkdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UserError(`${path} cannot be made there. Choose another --out.`);
    if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
    refuseForeign(path);
    throw new UserError(
      `${path} exists. Continue that run with --resume, replace it with --overwrite, or choose another --out.`,
    );
  }
}

function makeParents(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new UserError(`${path} is a file, not a directory. Choose another --out.`);
    if (code === 'ENOENT') throw new UserError(`${path} cannot be made there. Choose another --out.`);
    throw error;
  }
}

/** A directory without our config.json may hold anything: it is used only if nothing but our own leftovers is in it. */
function refuseForeign(path: string): void {
  const names = readdirSync(path);
  if (names.includes('config.json') && isRunConfig(readConfig(path))) return;
  const foreign = names.filter((entry) => !isLeftover(entry));
  if (foreign.length === 0) return;
  throw new UserError(
    `${path} is not a run directory: it holds ${foreign.slice(0, 3).join(', ')} and no config.json of a run. Choose another --out.`,
  );
}

function readConfig(path: string): unknown {
  return readJsonFile(join(path, 'config.json'), 'Choose another --out, or delete the directory.');
}

/** Whether it may be the config.json of a run. */
export function isRunConfig(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'experiment' in value &&
    'preset' in value &&
    'config' in value
  );
}

function deleteEntries(path: string, wanted: (entry: string) => boolean): void {
  for (const entry of readdirSync(path).filter(wanted)) {
    rmSync(join(path, entry), { recursive: true, force: true });
  }
}

function isOurs(entry: string): boolean {
  return ours.some((pattern) => pattern.test(entry));
}

function isLeftover(entry: string): boolean {
  return entry.endsWith(temporaryEnding) || entry === 'lock' || entry.startsWith('lock.');
}

function clearLeftovers(path: string): void {
  for (const folder of [path, join(path, 'cells'), join(path, 'checkpoints')]) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder)) {
      if (entry.endsWith(temporaryEnding)) rmSync(join(folder, entry), { force: true });
    }
  }
}
