import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { sha256OfFile } from './checksum.ts';
import { type DownloadTimes, download } from './download.ts';
import type { Progress } from './progress.ts';
import { sourceOf } from './source.ts';

/** A file on a server and what it must be. */
export interface Expected {
  readonly url: string;
  /** Both, or for a file that nobody vouches for neither. */
  readonly pin: { readonly bytes: number; readonly sha256: string } | undefined;
}

export interface FetchFileOptions {
  readonly progress: Progress;
  readonly times?: DownloadTimes | undefined;
}

export interface FetchedFile {
  readonly path: string;
  readonly sha256: string;
}

/**
 * Brings a file into `folder` and checks its digest. One that lies there already is taken if it is the right one: put there by
 * hand on a machine without network, or left by a run that ended in between.
 *
 * @throws UserError when it does not come, or another file comes
 */
export async function fetchFile(
  expected: Expected,
  folder: string,
  options: FetchFileOptions,
): Promise<FetchedFile> {
  const source = sourceOf(expected.url);
  const path = join(folder, basename(source.url.pathname));
  const { pin } = expected;
  await mkdir(folder, { recursive: true });
  const present = existsSync(path) ? await sha256OfFile(path) : undefined;
  if (present !== undefined && (pin === undefined || present === pin.sha256))
    return { path, sha256: present };
  await rm(path, { force: true });
  const resumed = existsSync(`${path}.part`);
  const remedy = `Where this machine has no network, bring ${expected.url} from elsewhere, put it at ${path}, and run this again.`;
  await download(source, path, { ...options, bytes: pin?.bytes, remedy });
  const sha256 = await sha256OfFile(path);
  if (pin === undefined || sha256 === pin.sha256) return { path, sha256 };
  await rm(path, { force: true });
  if (resumed) return fetchFile(expected, folder, options); // the old part may have been the rotten one: start clean
  throw new UserError(
    `${basename(path)} arrived damaged, or is not the file known here: its sha256 is ${sha256}, not ${pin.sha256}. ` +
      `It was deleted; run this again. If that does not help, ${source.url.host} or a proxy serves another file.`,
    3,
  );
}
