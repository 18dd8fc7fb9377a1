import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Redis } from 'ioredis';
import { UserError } from '../../errors.ts';
import type { CellSpec } from '../process-executor.ts';
import { writeAtomic } from '../write-atomic.ts';
import { carriedBytes, runKeys } from './cell-job.ts';

type DataFile = NonNullable<CellSpec['data']>;

/**
 * Puts the user's text into Redis, where workers find it.
 * @throws UserError if it is larger than what goes through Redis, or no longer the file that the run was begun with
 */
export async function sendData(redis: Redis, run: string, { path, sha256 }: DataFile): Promise<void> {
  if ((await redis.exists(runKeys(run).data)) === 1) return;
  const { size } = await stat(path);
  if (size > carriedBytes) {
    throw new UserError(
      `${path} has ${megabytes(size)} and at most ${megabytes(carriedBytes)} go through the queue. ` +
        'Train on a part of it, or leave out --queue.',
    );
  }
  const bytes = await readFile(path);
  if (digest(bytes) !== sha256)
    throw new UserError(`${path} has changed since the run was begun. Start anew with another --out.`);
  await redis.set(runKeys(run).data, bytes);
}

/** Puts the text into a folder of this machine, once for all cells that want it; returns where it lies. */
export async function fetchData(redis: Redis, run: string, data: DataFile, folder: string): Promise<string> {
  const place = join(folder, data.sha256);
  const path = join(place, basename(data.path));
  if (existsSync(path)) return path;
  const bytes = await redis.getBuffer(runKeys(run).data);
  if (bytes === null) throw new Error(`the text of the run is not in Redis (any more)`);
  if (digest(bytes) !== data.sha256) throw new Error(`the text of the run in Redis is damaged`);
  await mkdir(place, { recursive: true });
  await writeAtomic(path, bytes);
  return path;
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const megabytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
