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
  if (free < needed)
    throw noSpace(directory, `${gigabytes(needed)} GB are needed and ${gigabytes(free)} GB are free`);
}

/** The same advice for a disk that filled up in spite of the check. */
export function explainFullDisk(error: unknown, directory: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? noSpace(directory, 'the disk or your quota filled up')
    : error;
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
