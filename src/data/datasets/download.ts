import { copyFile, link, mkdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { buildDirectory, removeStaging } from '../../download/build-directory.ts';
import type { DownloadTimes } from '../../download/download.ts';
import { type FetchedFile, fetchFile } from '../../download/fetch-file.ts';
import { withLock } from '../../download/lock.ts';
import { type Progress, streamProgress } from '../../download/progress.ts';
import { type FreeBytes, requireSpace, type SpaceWanted } from '../../download/space.ts';
import { unpackZip } from '../../download/unpack-zip.ts';
import { UserError } from '../../errors.ts';
import { explainWriteFailure } from '../../file-errors.ts';
import { cacheDirectory } from '../../native/setup/paths.ts';
import type { Dataset, RemoteFile } from './dataset.ts';
import { firstDownload, keepFirstDownload } from './first-downloads.ts';
import { type DatasetRecord, datasetState, RECORD_FILE } from './record.ts';

/** Where downloads lie, below the data directory, until their set is whole. */
export const DOWNLOADS = '.downloads';

const MARGIN_BYTES = 1e6;

export interface DatasetOptions {
  /** The folder of each set goes below it. Default: {@link dataDirectory}. */
  readonly directory?: string | undefined;
  readonly progress?: Progress;
  readonly env?: NodeJS.ProcessEnv;
  readonly times?: DownloadTimes;
  readonly measure?: FreeBytes;
}

export interface DownloadedDataset {
  readonly path: string;
  /** False: it was there already. */
  readonly fetched: boolean;
}

/** Where sets lie unless told otherwise: in the cache of this package. */
export function dataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDirectory(env), 'datasets');
}

/** Where the digests of first downloads are kept. */
export function firstDownloadsFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDirectory(env), 'first-downloads.json');
}

/**
 * Downloads a set, checks it, unpacks it: its folder appears whole or not at all. What is there is not fetched again, what an
 * interrupted call left is continued, and several processes do not harm each other.
 *
 * @throws UserError naming what is wrong (network, server, digest, disk, a folder that is not ours) and the remedy
 */
export async function downloadDataset(
  dataset: Dataset,
  options: DatasetOptions = {},
): Promise<DownloadedDataset> {
  const { env = process.env, progress = streamProgress() } = options;
  const directory = options.directory ?? dataDirectory(env);
  const path = join(directory, dataset.folder);
  const downloads = join(directory, DOWNLOADS);
  try {
    if (await isWhole(path)) return { path, fetched: false };
    await makeFolder(downloads);
    const work = async (): Promise<boolean> => {
      if (await isWhole(path)) return false; // another process was quicker
      await removeStaging(dirname(path), basename(path));
      await provide(dataset, path, join(downloads, dataset.name), { ...options, env, progress });
      return true;
    };
    const lock = join(downloads, `${dataset.name}.lock`);
    const fetched = await withLock(lock, progress, work, { what: `download of ${dataset.name}` });
    await rmdir(downloads).catch(() => {}); // not empty: other sets are on their way
    return { path, fetched };
  } catch (error) {
    const explained = explainWriteFailure(error, path, ' with --dir');
    if (explained === undefined) throw error;
    throw new UserError(`${explained.message} What was downloaded so far is kept.`, explained.exitCode);
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    // What Node says of a read-only file system when it makes several folders at once.
    if (error.code !== 'ENOENT') throw error;
    throw new UserError(`${path} cannot be made there. Choose another directory with --dir.`);
  });
}

async function isWhole(path: string): Promise<boolean> {
  const state = await datasetState(path);
  if (state !== 'foreign') return state === 'whole';
  throw new UserError(
    `${path} holds files that were not downloaded here; they are left alone. Move them away, or choose another directory ` +
      'with --dir.',
  );
}

type Provided = DatasetOptions & { readonly env: NodeJS.ProcessEnv; readonly progress: Progress };

async function provide(dataset: Dataset, path: string, downloads: string, options: Provided): Promise<void> {
  const { progress, env } = options;
  const space: SpaceWanted = {
    what: dataset.name,
    elsewhere: 'choose a folder on another disk with --dir',
    measure: options.measure,
  };
  await mkdir(downloads, { recursive: true });
  await requireSpace(downloads, (await missingBytes(dataset, downloads)) + MARGIN_BYTES, space);
  const store = firstDownloadsFile(env);
  const fetched: FetchedFile[] = [];
  for (const source of dataset.sources) fetched.push(await fetchSource(source, downloads, store, options));
  await buildDirectory(path, async (staging) => {
    for (const [index, source] of dataset.sources.entries()) {
      await place(source, (fetched[index] as FetchedFile).path, staging, progress, space);
    }
    await dataset.assemble?.(staging);
    const record: DatasetRecord = {
      name: dataset.name,
      licence: dataset.licence,
      downloaded: new Date().toISOString(),
      sources: dataset.sources.map(({ url }, index) => ({
        url,
        sha256: (fetched[index] as FetchedFile).sha256,
      })),
      files: await sizesOf(dataset, staging),
    };
    await writeFile(join(staging, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`, { flush: true });
  });
  for (const [index, { url, sha256 }] of dataset.sources.entries()) {
    if (sha256 !== null) continue;
    const digest = (fetched[index] as FetchedFile).sha256;
    await keepFirstDownload(store, url, { sha256: digest, date: new Date().toISOString() });
  }
  await rm(downloads, { recursive: true, force: true });
}

/** Brings one file; one without a known digest is held against the first download of it, if there was one. */
async function fetchSource(
  { url, bytes, sha256 }: RemoteFile,
  downloads: string,
  store: string,
  { progress, times }: Provided,
): Promise<FetchedFile> {
  if (sha256 !== null) return fetchFile({ url, pin: { bytes, sha256 } }, downloads, { progress, times });
  const first = await firstDownload(store, url);
  const file = await fetchFile({ url, pin: undefined }, downloads, { progress, times });
  if (first === undefined) {
    progress.line(
      `Nobody vouches for ${basename(file.path)}: this first download is trusted. Its sha256, ${file.sha256}, is kept in ` +
        `${store}, and later downloads must match it.`,
    );
    return file;
  }
  if (first.sha256 === file.sha256) return file;
  await rm(file.path, { force: true });
  throw new UserError(
    `${basename(file.path)} is not the file that ${url} gave on ${first.date.slice(0, 10)}: its sha256 is ${file.sha256}, then ` +
      `${first.sha256}. It was deleted. If it may have changed, remove its entry from ${store} and run this again.`,
    3,
  );
}

async function place(
  source: RemoteFile,
  file: string,
  staging: string,
  progress: Progress,
  space: SpaceWanted,
): Promise<void> {
  const { gives } = source;
  if ('as' in gives) {
    // A second name costs no space; not every file system has them.
    await link(file, join(staging, gives.as)).catch(() => copyFile(file, join(staging, gives.as)));
    return;
  }
  const wanted = new Map(gives.files.map((name) => [`${gives.folder}${name}`, name]));
  const sizes = await unpackZip(file, staging, (name) => wanted.get(name), {
    begin: (total) => requireSpace(staging, total + MARGIN_BYTES, space),
    bytes: (done, total) => progress.bytes(`Unpacking ${basename(file)}`, done, total),
  });
  const missing = gives.files.filter((name) => sizes[name] === undefined);
  if (missing.length === 0) return;
  throw new UserError(`${file} holds no ${missing.map((name) => `${gives.folder}${name}`).join(', ')}.`, 3);
}

async function sizesOf(dataset: Dataset, folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of dataset.files) sizes[name] = (await stat(join(folder, name))).size;
  return sizes;
}

async function missingBytes(dataset: Dataset, downloads: string): Promise<number> {
  let missing = 0;
  for (const { url, bytes } of dataset.sources) {
    const file = join(downloads, basename(new URL(url).pathname));
    const whole = await stat(file).catch(() => undefined);
    const part = await stat(`${file}.part`).catch(() => undefined);
    missing += Math.max(0, bytes - (whole?.size ?? part?.size ?? 0));
  }
  return missing;
}
