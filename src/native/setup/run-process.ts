import { spawn } from 'node:child_process';

export interface ProcessOutcome {
  /** Exit code; null when the process was killed or never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started (ENOENT: no such program). */
  readonly error: NodeJS.ErrnoException | undefined;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** Runs a program without a shell and collects what it prints; never rejects. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessOutcome> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => resolve({ code: null, signal: null, stdout, stderr, error }));
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr, error: undefined }));
  });
}

/** The last lines of what a failed program printed, for an error message. */
export function lastLines(outcome: ProcessOutcome, count = 8): string {
  if (outcome.error !== undefined) return outcome.error.message;
  const text = outcome.stderr.trim() === '' ? outcome.stdout : outcome.stderr;
  const ending = outcome.signal === null ? '' : ` (killed by ${outcome.signal})`;
  return text.trim().split('\n').slice(-count).join('\n') + ending;
}
