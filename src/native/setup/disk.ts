import { statfs } from 'node:fs/promises';
import { UserError } from '../../errors.ts';

export type FreeBytes = (directory: string) => Promise<number>;

/** Bytes that this user may still write on the file system of a directory. */
export const freeBytes: FreeBytes = async (directory) => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
};

/** @throws UserError when fewer than `needed` bytes are free in `directory`, which must exist. */
export async function requireSpace(
  directory: string,
  needed: number,
  measure: FreeBytes = freeBytes,
): Promise<void> {
  const free = await measure(directory);
  if (free >= needed) return;
  throw noSpace(directory, `${gigabytes(needed)} GB are needed and ${gigabytes(free)} GB are free`);
}

/** Errors of the file system as advice; every other error as it is. */
export function explainFileError(error: unknown, cache: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return noSpace(cache, 'the disk or your quota filled up');
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOTDIR') return error;
  if (syscall === undefined) return error;
  return new UserError(
    `The native set-up cannot write its files: ${message}. Mend the permissions there, or point TFJS_METHODS_CACHE ` +
      `(now ${cache}) to a folder that you may write.`,
    3,
  );
}

function noSpace(directory: string, what: string): UserError {
  return new UserError(
    `Not enough disk space for TensorFlow in ${directory}: ${what}. ` +
      'Free some, or point TFJS_METHODS_CACHE to a folder on another disk, and run this again.',
    3,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}
