import { readFile } from 'node:fs/promises';
import { withLock } from '../../download/lock.ts';
import { silent } from '../../download/progress.ts';
import { UserError } from '../../errors.ts';
import { writeAtomic } from '../../experiment/write-atomic.ts';

export interface FirstDownload {
  readonly sha256: string;
  readonly date: string;
}

/** By address: the digest of what came from there the first time, for files whose digest nobody vouches for. */
type FirstDownloads = Readonly<Record<string, FirstDownload>>;

/** @throws UserError for a file that is not JSON */
export async function firstDownload(store: string, url: string): Promise<FirstDownload | undefined> {
  return (await readAll(store))[url];
}

/** Keeps the digest, unless one is kept for this address already. */
export async function keepFirstDownload(store: string, url: string, first: FirstDownload): Promise<void> {
  await withLock(`${store}.lock`, silent, async () => {
    const all = await readAll(store);
    if (all[url] === undefined)
      await writeAtomic(store, `${JSON.stringify({ ...all, [url]: first }, null, 2)}\n`);
  });
}

async function readAll(store: string): Promise<FirstDownloads> {
  const text = await readFile(store, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return JSON.parse(text) as FirstDownloads;
  } catch {
    throw new UserError(
      `${store} is damaged: it is not JSON. It keeps the digests of first downloads; delete it to trust the next ones anew.`,
      3,
    );
  }
}
