import { UserError } from '../errors.ts';
import { Interrupted } from './experiment.ts';
import { explainFileError } from './file-errors.ts';

/** An error as it goes from the process that computes a cell to the one that waits for it. */
export type CarriedError =
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'user'; readonly message: string; readonly exitCode: 2 | 3 }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string };

export function packError(thrown: unknown): CarriedError {
  const error = explainFileError(thrown);
  if (error instanceof Interrupted) return { kind: 'interrupted' };
  if (error instanceof UserError) return { kind: 'user', message: error.message, exitCode: error.exitCode };
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'other', message, stack: (error instanceof Error && error.stack) || message };
}

/** The error again; one that is a mistake of ours says first where it came from. */
export function unpackError(carried: CarriedError, where: string): Error {
  if (carried.kind === 'interrupted') return new Interrupted();
  if (carried.kind === 'user') return new UserError(carried.message, carried.exitCode);
  const error = new Error(`${where}: ${carried.message}`);
  error.stack = `${where}: ${carried.stack}`;
  return error;
}
