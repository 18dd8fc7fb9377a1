import { UserError } from '../errors.ts';

/** Of the machine rather than of the command: exit code 3. */
const shortages: readonly string[] = ['ENOSPC', 'EDQUOT', 'EIO'];

const causes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. What was finished is kept: free some space and continue with --resume',
  EDQUOT: 'the disk quota is used up. What was finished is kept: free some space and continue with --resume',
  EACCES: 'permission denied. Choose another directory with --out, or change the permissions',
  EPERM: 'permission denied. Choose another directory with --out, or change the permissions',
  EROFS: 'the file system is read-only. Choose another directory with --out',
  ENOTDIR: 'part of the path is a file, not a directory. Choose another directory with --out',
  ENAMETOOLONG: 'the name is too long. Choose another directory with --out',
  EIO: 'the disk reports an error. What was finished before is kept',
};

/** A failure of the file system that the user can mend, said in words; any other error as it came. */
export function explainFileError(error: unknown, path?: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const { code, path: named } = error as NodeJS.ErrnoException;
  const cause = code === undefined ? undefined : causes[code];
  if (cause === undefined) return error;
  const where = path ?? named;
  const exitCode = shortages.includes(code as string) ? 3 : 2;
  return new UserError(`Cannot write${where === undefined ? '' : ` ${where}`}: ${cause}.`, exitCode);
}
