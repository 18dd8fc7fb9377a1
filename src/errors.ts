/**
 * A mistake that the user can mend: bad option, missing file, absent backend. The message says what was wrong, where, and
 * what to do; the command line prints it without a stack trace and exits with `exitCode`.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  /** 2: wrong usage. 3: a backend or data set is missing. */
  readonly exitCode: 2 | 3;

  constructor(message: string, exitCode: 2 | 3 = 2) {
    super(message);
    this.exitCode = exitCode;
  }
}
