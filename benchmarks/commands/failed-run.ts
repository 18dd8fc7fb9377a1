/** A run that failed after it had begun: its `cause` is why. */
export class FailedRun extends Error {
  override readonly name: string = 'FailedRun';
  /** The command that continues it. */
  readonly resumeCommand: string;

  constructor(cause: unknown, resumeCommand: string) {
    super('the run failed', { cause });
    this.resumeCommand = resumeCommand;
  }
}
