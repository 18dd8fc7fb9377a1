import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockHolder, withLock } from '../../src/download/lock.ts';
import { silent } from '../../src/download/progress.ts';
import { evenOnFullDisk, leadsThroughLink, removeIfEmpty, sizeOnDisk } from './folder.ts';
import type { Kept, Kind } from './kept.ts';

interface Found {
  readonly kind: Kind;
  readonly what: string;
  /** Where it is below the cache. */
  readonly names: readonly string[];
  /** The lock of those who write it, and what they do. */
  readonly lock: string;
  readonly holder: 'set-up' | 'download';
}

/** A file or folder of the cache that is all ours, and is deleted whole. */
export async function keptUnderLock(
  cache: string,
  { kind, what, names, lock, holder }: Found,
): Promise<Kept> {
  const path = join(cache, ...names);
  const pid = await lockHolder(lock);
  const busy = pid === undefined ? undefined : `is in use by a ${holder} (process ${pid})`;
  const remove = async (): Promise<readonly string[]> => {
    await rm(path, { recursive: true, force: true });
    return [];
  };
  return {
    kind,
    path,
    bytes: await sizeOnDisk(path),
    what,
    blocked: (await leadsThroughLink(cache, ...names)) ? 'is reached through a link' : busy,
    remove: async () => {
      const locked = () => withLock(lock, silent, remove, { wait: false, what: holder });
      const left = await evenOnFullDisk(locked, remove);
      if (names.length > 1) await removeIfEmpty(join(path, '..'));
      return left;
    },
  };
}
