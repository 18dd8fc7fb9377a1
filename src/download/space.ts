import { statfs } from 'node:fs/promises';
import { UserError } from '../errors.ts';

export type FreeBytes = (directory: string) => Promise<number>;

/** Bytes that this user may still write on the file system of a directory. */
export const freeBytes: FreeBytes = async (directory) => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
};

export interface SpaceWanted {
  /** What the space is for: `TensorFlow`, the name of a data set. */
  readonly what: string;
  /** What to do instead of freeing some, such as `point X to a folder on another disk`. */
  readonly elsewhere: string;
  readonly measure?: FreeBytes | undefined;
}

/** @throws UserError when fewer than `needed` bytes are free in `directory`, which must exist. */
export async function requireSpace(directory: string, needed: number, wanted: SpaceWanted): Promise<void> {
  const free = await (wanted.measure ?? freeBytes)(directory);
  if (free >= needed) return;
  throw noSpace(directory, `${gigabytes(needed)} GB are needed and ${gigabytes(free)} GB are free`, wanted);
}

export function noSpace(directory: string, reason: string, { what, elsewhere }: SpaceWanted): UserError {
  return new UserError(
    `Not enough disk space for ${what} in ${directory}: ${reason}. Free some, or ${elsewhere}, and run this again.`,
    3,
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}
