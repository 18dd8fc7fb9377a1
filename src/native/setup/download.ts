import { open, rename, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.ts';
import { type Source, unreachable } from './package-index.ts';
import type { Progress } from './progress.ts';

export interface DownloadTimes {
  readonly attempts: number;
  /** Wait before the second attempt; doubles each time. */
  readonly retryMs: number;
  /** A connection that sends nothing for so long is given up. */
  readonly stallMs: number;
}

const DEFAULT_TIMES: DownloadTimes = { attempts: 5, retryMs: 1000, stallMs: 60_000 };

/**
 * Downloads into `FILE.part` and renames it when it has the expected size. What an earlier run left there is continued
 * with an HTTP range; a server without ranges sends everything again.
 */
export async function download(
  source: Source,
  file: string,
  totalBytes: number,
  progress: Progress,
  times: DownloadTimes = DEFAULT_TIMES,
): Promise<void> {
  const part = `${file}.part`;
  for (let attempt = 1; (await size(part)) !== totalBytes; attempt++) {
    try {
      await continueDownload(source, part, totalBytes, progress, times.stallMs);
      if ((await size(part)) < totalBytes) throw new Error('the connection ended early');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const final = error instanceof UserError || code === 'ENOSPC' || code === 'EDQUOT';
      if (final) throw error;
      if (attempt >= times.attempts) throw unreachable(source.url, error);
      await sleep(times.retryMs * 2 ** (attempt - 1));
    }
  }
  await rename(part, file);
}

async function continueDownload(
  source: Source,
  part: string,
  totalBytes: number,
  progress: Progress,
  stallMs: number,
): Promise<void> {
  const kept = await size(part);
  let have = kept < totalBytes ? kept : 0;
  const stall = new AbortController();
  let timer = setTimeout(() => stall.abort(), stallMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
  };
  const handle = await open(part, 'a');
  try {
    // Compression would make the byte positions meaningless.
    const headers = { ...source.headers, 'accept-encoding': 'identity', range: `bytes=${have}-` };
    const response = await fetch(source.url, { headers, signal: stall.signal });
    if (!response.ok || response.body === null) throw refused(source.url, response.status);
    const continues = response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
    if (!continues) have = 0;
    await handle.truncate(have);
    for await (const chunk of response.body) {
      alive();
      await handle.write(chunk);
      have += chunk.byteLength;
      progress.bytes(`Downloading ${basename(part, '.part')}`, have, totalBytes);
    }
    await handle.sync();
  } finally {
    clearTimeout(timer);
    await handle.close();
  }
}

/** 4xx will not get better by itself; 5xx may. */
function refused(url: URL, status: number): Error {
  const message = `${url.host} answers ${status} for ${basename(url.pathname)}`;
  return status >= 500
    ? new Error(message)
    : new UserError(`${message}. Try again later or set PIP_INDEX_URL.`, 3);
}

async function size(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
