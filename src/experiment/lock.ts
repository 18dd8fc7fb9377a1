import { randomBytes } from 'node:crypto';
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

const name = 'lock';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the system's own ticks: tells it from a later one with the same number. Null: unknown. */
  readonly begun: string | null;
  readonly token: string;
}

/**
 * Takes the directory for this process, or throws UserError when a living process has it. A lock whose process is gone (killed,
 * say) is taken over; one of another machine is never. Returns the release.
 */
export function lockDirectory(path: string): () => void {
  const file = join(path, name);
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    begun: processStart(process.pid),
    token: randomBytes(8).toString('hex'),
  };
  if (!createExclusively(file, owner)) takeOver(path, file, owner);
  return () => {
    if (readOwner(file)?.token === owner.token) rmSync(file, { force: true });
  };
}

/** The lock appears with its whole content or not at all: written beside, then linked, which fails where a lock exists. */
function createExclusively(file: string, owner: Owner): boolean {
  const draft = `${file}.${owner.token}`;
  try {
    writeFileSync(draft, `${JSON.stringify(owner)}\n`);
    return link(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** False where `file` exists. */
function link(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return false;
    // Some file systems (exFAT, some network shares) have no hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    copyFileSync(draft, file, constants.COPYFILE_EXCL);
    return true;
  }
}

/** Only one process at a time may replace a dead one's lock, and it looks again before it does: no living lock is lost. */
function takeOver(path: string, file: string, owner: Owner): void {
  const guard = join(path, `${name}.takeover`);
  const replacement = `${file}.${owner.token}`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UserError(
      `${path} is being taken over by another process. If none is running, delete ${guard} and try again.`,
    );
  }
  try {
    const holder = readOwner(file);
    if (holder !== undefined) refuseWhereAlive(path, file, holder);
    writeFileSync(replacement, `${JSON.stringify(owner)}\n`);
    renameSync(replacement, file);
  } finally {
    rmSync(replacement, { force: true });
    rmdirSync(guard);
  }
}

function refuseWhereAlive(path: string, file: string, holder: Owner): void {
  if (holder.host !== hostname()) {
    throw new UserError(
      `${path} is in use by process ${holder.pid} on ${holder.host}. If it no longer runs there, delete ${file}.`,
    );
  }
  if (isAlive(holder)) {
    throw new UserError(
      `${path} is in use by process ${holder.pid}. Wait for it, or choose another directory with --out.`,
    );
  }
}

/** Undefined: no lock, or one that its process did not live to finish writing. */
function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return owner.begun === null || owner.begun === processStart(owner.pid);
}

/** Field 22 of /proc/PID/stat, where there is one; the name in field 2 may hold spaces and brackets. */
function processStart(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
