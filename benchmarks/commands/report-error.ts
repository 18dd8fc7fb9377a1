import pc from 'picocolors';
import { UserError } from '../../src/errors.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { explainFileError } from '../../src/experiment/file-errors.ts';
import { FailedRun } from './failed-run.ts';

/** Says on stderr what went wrong and returns the exit code. Only a mistake of ours shows a stack trace. */
export function reportError(thrown: unknown, invocation: string): number {
  if (thrown instanceof FailedRun) {
    const exitCode = reportError(thrown.cause, invocation);
    process.stderr.write(`Continue with\n  ${thrown.resumeCommand}\n`);
    return exitCode;
  }
  const { red } = pc.createColors(process.stderr.isTTY === true && !process.env.NO_COLOR);
  const error = explainFileError(thrown);
  if (error instanceof UserError) {
    process.stderr.write(`${red('Error:')} ${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof Interrupted) {
    const next =
      error.resumeCommand === undefined ? 'nothing was begun.' : `continue with\n  ${error.resumeCommand}`;
    process.stderr.write(`Interrupted: ${next}\n`);
    return 130;
  }
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `${red('Internal error:')} ${shown}\n` +
      `This is a mistake of ours. Please report it in the project's issue list with the lines above, your command, and what\n` +
      `\`${invocation} env\` prints.\n`,
  );
  return 70;
}
