import { type ChildProcess, spawn } from 'node:child_process';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** In a process group of its own, as a shell starts it: `process.kill(-pid)` reaches its children too. */
  readonly detached?: boolean;
  /** Called with each piece that the program writes to stderr. */
  readonly onStderr?: (text: string, child: ChildProcess) => void;
}

const bin = new URL('../../benchmarks/bin.ts', import.meta.url).pathname;
const tsx = import.meta.resolve('tsx');

/** Runs the command line in a process of its own, as a user does. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', tsx, bin, ...args], {
      cwd: options.cwd ?? new URL('../..', import.meta.url),
      env: { ...process.env, NO_COLOR: '1', TF_CPP_MIN_LOG_LEVEL: '2', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.detached === true,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      options.onStderr?.(text, child);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
