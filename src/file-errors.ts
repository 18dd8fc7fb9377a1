import { UserError } from './errors.ts';

type Remedy = 'space' | 'permission' | 'place' | 'none';

const FAILURES: Readonly<Record<string, readonly [cause: string, remedy: Remedy]>> = {
  ENOSPC: ['the disk is full', 'space'],
  EDQUOT: ['the disk quota is used up', 'space'],
  EFBIG: ['the file would be larger than allowed', 'none'],
  EIO: ['the disk reports an error', 'none'],
  EACCES: ['permission is denied', 'permission'],
  EPERM: ['permission is denied', 'permission'],
  EROFS: ['the file system is read-only', 'place'],
  ENOTDIR: ['part of the path is a file, not a directory', 'place'],
  EEXIST: ['part of the path is a file, not a directory', 'place'],
  ENAMETOOLONG: ['the name is too long', 'place'],
};

/** Why the system refused to write or delete, in words: `the disk is full`. Undefined where it was something else. */
export function causeOfFailure(error: unknown): string | undefined {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === undefined ? undefined : FAILURES[code]?.[0];
}

/**
 * A failure to write that the user can mend, said in words: exit code 3 where the disk fails, 2 where the place was a bad choice.
 * Undefined for any other error. Its `cause` is the error itself.
 *
 * @param what what cannot be written, and where, as far as known
 * @param withOption how the user chooses a directory, for instance ' with --out'
 */
export function explainWriteFailure(error: unknown, what?: string, withOption = ''): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  const failure = code === undefined ? undefined : FAILURES[code];
  if (failure === undefined) return undefined;
  const [cause, remedy] = failure;
  const choose = `Choose another directory${withOption}`;
  const advice = {
    space: ' Free some space.',
    permission: ` ${choose}, or change the permissions.`,
    place: ` ${choose}.`,
    none: '',
  }[remedy];
  const exitCode = remedy === 'space' || remedy === 'none' ? 3 : 2;
  const explained = new UserError(
    `Cannot write${what === undefined ? '' : ` ${what}`}: ${cause}.${advice}`,
    exitCode,
  );
  explained.cause = error;
  return explained;
}
