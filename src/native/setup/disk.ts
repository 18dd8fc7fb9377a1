import { noSpace, type SpaceWanted } from '../../download/space.ts';
import { UserError } from '../../errors.ts';

/** How the set-up speaks of disk space. */
export const TENSORFLOW_SPACE: SpaceWanted = {
  what: 'TensorFlow',
  elsewhere: 'point TFJS_METHODS_CACHE to a folder on another disk',
};

/** Errors of the file system as advice; every other error as it is. */
export function explainFileError(error: unknown, cache: string): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return noSpace(cache, 'the disk or your quota filled up', TENSORFLOW_SPACE);
  }
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOTDIR') return error;
  if (syscall === undefined) return error;
  return new UserError(
    `The native set-up cannot write its files: ${message}. Mend the permissions there, or point TFJS_METHODS_CACHE ` +
      `(now ${cache}) to a folder that you may write.`,
    3,
  );
}
