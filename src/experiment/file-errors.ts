import { UserError } from '../errors.ts';
import { explainWriteFailure } from '../file-errors.ts';

/** A failure of the file system that the user can mend, said in the words of the command line; any other error as it came. */
export function explainFileError(error: unknown, path?: string): unknown {
  const what = path ?? (error as NodeJS.ErrnoException | undefined)?.path;
  const explained = explainWriteFailure(error, what, ' with --out');
  if (explained === undefined) return error;
  if (explained.exitCode === 2) return explained;
  const kept = new UserError(
    `${explained.message} What was finished is kept: continue with --resume.`,
    explained.exitCode,
  );
  kept.cause = error;
  return kept;
}
