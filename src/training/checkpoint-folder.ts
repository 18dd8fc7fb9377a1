import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { explainWriteFailure } from '../file-errors.ts';

/**
 * A folder of checkpoints, each a folder `<number>-step-<step>` with numbers that grow. A new one is written under a temporary name and
 * appears by one rename, complete; only then is the one before it removed. So at every moment, whatever kills the process, the
 * highest number is a complete checkpoint. One process at a time is meant to write; several do no harm to each other's files.
 */
export interface CheckpointEntry {
  readonly path: string;
  readonly number: number;
  readonly step: number;
}

const COMPLETE = /^(\d{6,})-step-(\d+)$/;
/** Being written, or being removed, by the process of that id. */
const TEMPORARY = /^\.(?:partial|old)-(\d+)-[0-9a-f]+$/;
/** Temporary folders of this process that are in use. */
const inUse = new Set<string>();

/** Complete checkpoints, oldest first; none if there is no such folder. */
export async function listCheckpoints(folder: string): Promise<CheckpointEntry[]> {
  return (await namesIn(folder))
    .map((name) => ({ name, match: COMPLETE.exec(name) }))
    .flatMap(({ name, match }) =>
      match === null ? [] : [{ path: join(folder, name), number: Number(match[1]), step: Number(match[2]) }],
    )
    .sort((a, b) => a.number - b.number || a.step - b.step);
}

/**
 * Makes a checkpoint of the files that `write` puts, each fsynced, into the folder it is given; then removes older ones.
 * @returns its path
 * @throws UserError if the file system refuses (exit code 3 where the disk fails, 2 where the place is wrong). Then nothing of it is
 *   left, and the one before is untouched.
 */
export async function addCheckpoint(
  folder: string,
  step: number,
  write: (path: string) => Promise<void>,
): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    await removeLeftovers(folder);
    const path = await writeThenRename(folder, step, write);
    await removeOlder(folder, path);
    return path;
  } catch (error) {
    throw await explain(error, folder);
  }
}

async function writeThenRename(
  folder: string,
  step: number,
  write: (path: string) => Promise<void>,
): Promise<string> {
  const temporary = temporaryName(folder, 'partial');
  inUse.add(temporary);
  try {
    await mkdir(temporary);
    await write(temporary);
    await syncDirectory(temporary);
    for (;;) {
      const number = ((await listCheckpoints(folder)).at(-1)?.number ?? 0) + 1;
      const path = join(folder, `${String(number).padStart(6, '0')}-step-${step}`);
      try {
        await rename(temporary, path);
      } catch (error) {
        // Another process took the number in between.
        if (isCode(error, 'ENOTEMPTY', 'EEXIST')) continue;
        throw error;
      }
      await syncDirectory(folder);
      return path;
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
    inUse.delete(temporary);
  }
}

async function removeOlder(folder: string, newest: string): Promise<void> {
  const entries = await listCheckpoints(folder);
  const { number } = entries.find(({ path }) => path === newest) ?? { number: 0 };
  for (const entry of entries.filter((other) => other.number < number)) {
    // Renamed first, for a removal that is cut short must not leave half a checkpoint under a good name.
    const old = temporaryName(folder, 'old');
    inUse.add(old);
    try {
      await rename(entry.path, old);
      await rm(old, { recursive: true, force: true });
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error; // another process was faster
    } finally {
      inUse.delete(old);
    }
  }
}

/** What processes that were killed have left behind. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const match = TEMPORARY.exec(name);
    const path = join(folder, name);
    if (match === null || inUse.has(path) || isOtherRunning(Number(match[1]))) continue;
    await rm(path, { recursive: true, force: true });
  }
}

function isOtherRunning(id: number): boolean {
  if (id === process.pid) return false;
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function temporaryName(folder: string, kind: 'partial' | 'old'): string {
  return join(folder, `.${kind}-${process.pid}-${randomBytes(4).toString('hex')}`);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** Makes names in a directory survive a power cut; some systems cannot open a directory, and need not. */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle | undefined;
  try {
    directory = await open(path, 'r');
    await directory.sync();
  } catch (error) {
    if (!isCode(error, 'EISDIR', 'EPERM', 'EACCES', 'EINVAL')) throw error;
  } finally {
    await directory?.close();
  }
}

async function explain(error: unknown, folder: string): Promise<unknown> {
  const explained = explainWriteFailure(error, `a checkpoint to ${folder}`);
  if (explained === undefined) return error;
  const last = (await listCheckpoints(folder).catch(() => [])).at(-1);
  const kept = last === undefined ? 'There is no earlier one.' : `The one of step ${last.step} is kept.`;
  return new UserError(`${explained.message} ${kept}`, explained.exitCode);
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
