import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { isUnreachable, undelivered, unreachable } from './failure.ts';
import type { Progress } from './progress.ts';
import type { Source } from './source.ts';

export interface DownloadTimes {
  readonly attempts: number;
  /** Wait before the second attempt; doubles each time. */
  readonly retryMs: number;
  /** A connection that sends nothing for so long is given up. */
  readonly stallMs: number;
}

const DEFAULT_TIMES: DownloadTimes = { attempts: 5, retryMs: 1000, stallMs: 60_000 };

export interface DownloadOptions {
  /** Size where it is known beforehand: a server that offers another one is refused. Without it the server is believed. */
  readonly bytes?: number | undefined;
  readonly progress: Progress;
  readonly times?: DownloadTimes | undefined;
  /** What the user can do where the server does not give the file; a sentence. */
  readonly remedy: string;
}

/** What the answers so far told of the file. */
interface Remote {
  bytes: number | undefined;
  /** ETag or date: a part is continued only as long as the server still has the file that it is a part of. */
  version: string | undefined;
}

/**
 * Downloads into `FILE.part` and renames it when it is whole. What an earlier run left there is continued with an HTTP range;
 * a server without ranges sends everything again. Without a known size an old part cannot be told from one of another file:
 * it is begun anew.
 *
 * @throws UserError when the server refuses, offers a file of another size, or fails in every attempt
 */
export async function download(source: Source, file: string, options: DownloadOptions): Promise<void> {
  const { progress, remedy, times = DEFAULT_TIMES } = options;
  const part = `${file}.part`;
  const remote: Remote = { bytes: options.bytes, version: undefined };
  if (options.bytes === undefined || (await size(part)) > options.bytes) await rm(part, { force: true });
  for (let attempt = 1; options.bytes === undefined || (await size(part)) !== options.bytes; attempt++) {
    try {
      await continueDownload(source, part, remote, progress, times.stallMs, options);
      break;
    } catch (error) {
      if (error instanceof UserError || isFileError(error)) throw error;
      if (attempt >= times.attempts) {
        throw isUnreachable(error)
          ? unreachable(source.url, error, remedy)
          : undelivered(source.url, attempt, error, remedy);
      }
      await sleep(times.retryMs * 2 ** (attempt - 1));
    }
  }
  await rename(part, file);
}

async function continueDownload(
  source: Source,
  part: string,
  remote: Remote,
  progress: Progress,
  stallMs: number,
  options: DownloadOptions,
): Promise<void> {
  let have = await size(part);
  const stall = new AbortController();
  const giveUp = (): void => stall.abort(new Error(`nothing came for ${stallMs / 1000} s`));
  let timer = setTimeout(giveUp, stallMs);
  const handle = await open(part, 'a');
  try {
    const response = await fetch(source.url, {
      headers: requestHeaders(source, have, remote),
      signal: stall.signal,
    });
    if (response.status === 416) {
      await handle.truncate(0); // the part is not of this file
      throw new Error('it has another file now');
    }
    if (!response.ok || response.body === null) throw refused(source.url, response.status, options.remedy);
    const offered = offeredBytes(response);
    if (options.bytes !== undefined && offered !== undefined && offered !== options.bytes) {
      throw otherSize(source.url, offered, options);
    }
    remote.bytes = options.bytes ?? offered;
    remote.version = response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined;
    const continues = response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
    if (!continues) have = 0;
    await handle.truncate(have);
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, stallMs);
      have += chunk.byteLength;
      if (remote.bytes !== undefined && have > remote.bytes) throw otherSize(source.url, have, options);
      await append(handle, chunk);
      progress.bytes(`Downloading ${basename(part, '.part')}`, have, remote.bytes ?? 0);
    }
    if (have < (remote.bytes ?? 0)) {
      throw new Error(`the connection ended after ${have} of ${remote.bytes} bytes`);
    }
    await handle.sync();
  } finally {
    clearTimeout(timer);
    await handle.close();
    stall.abort(); // a body that was not read to its end
  }
}

function requestHeaders(source: Source, have: number, remote: Remote): Record<string, string> {
  // Compression would make the byte positions meaningless.
  const headers = { ...source.headers, 'accept-encoding': 'identity', range: `bytes=${have}-` };
  // Weak validators must not be used for ranges (RFC 9110, 13.1.5).
  const version = remote.version?.startsWith('W/') ? undefined : remote.version;
  return version === undefined || have === 0 ? headers : { ...headers, 'if-range': version };
}

/** Size of the whole file by this answer. */
function offeredBytes(response: Response): number | undefined {
  const range = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (range !== undefined) return Number(range);
  const length = response.headers.get('content-length');
  return response.status === 200 && length !== null && response.headers.get('content-encoding') === null
    ? Number(length)
    : undefined;
}

/** The whole chunk: a single `write` may take a part of it, on a disk that is filling up. */
async function append(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

/** Timeouts and 5xx may get better by themselves; other refusals will not. */
function refused(url: URL, status: number, remedy: string): Error {
  const message = `${url.host} answers ${status} for ${basename(url.pathname)}`;
  const passing = status >= 500 || status === 408 || status === 429;
  const why = status === 404 || status === 410 ? ': the file is not there' : '';
  return passing ? new Error(`it answers ${status}`) : new UserError(`${message}${why}. ${remedy}`, 3);
}

function otherSize(url: URL, offered: number, { bytes, remedy }: DownloadOptions): UserError {
  return new UserError(
    `${url.host} sends another ${basename(url.pathname)} than the one known here: ${offered} bytes where ${bytes} are expected. ` +
      `A login page or a proxy may answer in its place. ${remedy}`,
    3,
  );
}

function isFileError(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return (
    syscall !== undefined &&
    ['open', 'write', 'fsync', 'ftruncate', 'close'].includes(syscall) &&
    code !== undefined
  );
}

async function size(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
