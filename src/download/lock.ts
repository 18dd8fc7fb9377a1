import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import type { Progress } from './progress.ts';

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

export interface LockOptions {
  /** What the others wait for, in their message. */
  readonly what?: string;
  /** False: an error instead of waiting. */
  readonly wait?: boolean;
  /** How often a waiting process looks again. */
  readonly pollMs?: number;
  /** A lock whose holder has not been heard of for so long is taken over. */
  readonly staleMs?: number;
}

const DEFAULTS = { what: 'process', wait: true, pollMs: 250, staleMs: 30_000 };

/**
 * Runs `action` while holding a lock that is a directory (mkdir is atomic on every file system, network ones included).
 * Others wait; a lock left by a process that died is taken over.
 *
 * @throws UserError where another holds it and `wait` is false
 */
export async function withLock<T>(
  directory: string,
  progress: Progress,
  action: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const all = { ...DEFAULTS, ...options };
  const token = await acquire(directory, progress, all);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(directory, now, now).catch(() => {});
  }, all.staleMs / 4);
  heartbeat.unref();
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    // Not ours any more if this process was suspended for so long that another took it over.
    if ((await readOwner(directory))?.token === token) await rm(directory, { recursive: true, force: true });
  }
}

/** Process number of whoever holds the lock; undefined where nobody does, or nobody alive. Changes nothing. */
export async function lockHolder(
  directory: string,
  staleMs: number = DEFAULTS.staleMs,
): Promise<number | undefined> {
  const owner = await readOwner(directory);
  return owner === undefined || (await isStale(directory, staleMs)) ? undefined : owner.pid;
}

async function acquire(
  directory: string,
  progress: Progress,
  { what, wait, pollMs, staleMs }: Required<LockOptions>,
): Promise<string> {
  const token = randomUUID();
  for (let announced = false; ; await sleep(pollMs)) {
    await mkdir(dirname(directory), { recursive: true });
    const made = await makeDirectory(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined; // whoever had the lock has just cleared the folder away
    });
    if (made === undefined) continue;
    if (made) {
      const owner: Owner = { pid: process.pid, host: hostname(), token };
      try {
        await writeFile(join(directory, 'owner.json'), JSON.stringify(owner));
      } catch (error) {
        await rm(directory, { recursive: true, force: true }); // a full disk: nobody is to wait for a lock that nobody has
        throw error;
      }
      return token;
    }
    if (await isStale(directory, staleMs)) {
      await takeAway(directory, staleMs);
      continue;
    }
    const owner = await readOwner(directory);
    const other = `another ${what}${owner === undefined ? '' : ` (process ${owner.pid})`}`;
    if (!wait)
      throw new UserError(`${dirname(directory)} is in use by ${other}. Try again when it has ended.`);
    if (!announced) progress.line(`Waiting for ${other} to finish.`);
    announced = true;
  }
}

/** Removes a stale lock, one process at a time: otherwise a slow one could remove the lock its rival has just taken. */
async function takeAway(directory: string, staleMs: number): Promise<void> {
  const guard = `${directory}.takeover`;
  if (!(await makeDirectory(guard))) {
    if ((await age(guard)) > staleMs) await rm(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (await isStale(directory, staleMs)) await rm(directory, { recursive: true, force: true });
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}

async function isStale(directory: string, staleMs: number): Promise<boolean> {
  const owner = await readOwner(directory);
  if (owner !== undefined && owner.host === hostname() && !isAlive(owner.pid)) return true;
  return (await age(directory)) > staleMs;
}

/** Whether a process of this machine runs; it may be somebody else's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')); // a zombie holds nothing
  } catch {
    return true; // no /proc here
  }
}

async function readOwner(directory: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return undefined; // not there, or just being written
  }
}

/** Milliseconds since the holder's last heartbeat; 0 when the directory is gone. */
async function age(directory: string): Promise<number> {
  try {
    return Date.now() - (await stat(directory)).mtimeMs;
  } catch {
    return 0;
  }
}

async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
