import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes in a folder or file, without following links. What vanishes meanwhile counts nothing. */
export async function sizeOnDisk(path: string): Promise<number> {
  const status = await lstat(path).catch(() => undefined);
  if (status === undefined || status.isSymbolicLink()) return 0;
  if (!status.isDirectory()) return status.size;
  const sizes = await Promise.all((await entriesOf(path)).map((entry) => sizeOnDisk(join(path, entry.name))));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** What is in a folder, by name; empty where there is none. */
export async function entriesOf(path: string): Promise<Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** True where the way from `root` down to `path` goes over a link: what is at its end may be anywhere. */
export async function leadsThroughLink(root: string, ...path: readonly string[]): Promise<boolean> {
  const real = await realpath(join(root, ...path)).catch(() => undefined); // gone meanwhile
  return real !== undefined && real !== join(await realpath(root), ...path);
}

/**
 * On a full disk no lock can be written, by nobody: what frees space goes on without one.
 *
 * @param locked takes the lock and deletes
 * @param unlocked deletes without it
 */
export async function evenOnFullDisk<T>(locked: () => Promise<T>, unlocked: () => Promise<T>): Promise<T> {
  try {
    return await locked();
  } catch (error) {
    const { code, cause } = error as NodeJS.ErrnoException;
    if ((code ?? (cause as NodeJS.ErrnoException | undefined)?.code) !== 'ENOSPC') throw error;
    return unlocked();
  }
}

/** Removes the folder if nothing is in it. */
export async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error;
  });
}
