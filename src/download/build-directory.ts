import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Begins the name of everything that is not finished. */
export const STAGING = '.tfjs-methods-staging-';

/**
 * Fills a directory under a temporary name beside it and renames it into place when complete, so that `target` is either
 * whole or not there. A directory that stood there before is replaced.
 */
export async function buildDirectory(
  target: string,
  fill: (staging: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  const staging = join(
    parent,
    `${STAGING}${basename(target)}-${process.pid}-${randomBytes(4).toString('hex')}`,
  );
  await mkdir(staging);
  try {
    await fill(staging);
    await replaceDirectory(staging, target);
    await syncFolder(parent);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** A directory cannot be renamed onto a full one: the old one steps aside first. */
async function replaceDirectory(staging: string, target: string): Promise<void> {
  const old = `${staging}-old`;
  try {
    await rename(target, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await rename(staging, target);
  await rm(old, { recursive: true, force: true });
}

/**
 * Removes what killed runs left behind: of everything in `parent`, or of one directory to be built there. Call it only while
 * holding the lock on it.
 */
export async function removeStaging(parent: string, target?: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const ending = /-\d+-[0-9a-f]{8}(-old)?$/;
  for (const name of names) {
    const ours =
      target === undefined ? name.startsWith(STAGING) : name.replace(ending, '') === `${STAGING}${target}`;
    if (ours) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** Makes a rename survive a power failure, where the file system allows syncing folders (not on Windows). */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
