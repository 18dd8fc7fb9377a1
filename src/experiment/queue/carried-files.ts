import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Redis } from 'ioredis';
import { temporaryEnding, writeAtomic } from '../write-atomic.ts';
import { carriedBytes } from './cell-job.ts';

/** Seconds after which checkpoints that nobody went on from are dropped; the cell then begins anew. */
const keptSeconds = 30 * 24 * 3600;

/** What a folder held at one moment. */
interface Snapshot {
  /** Tells one state of the folder from another without reading it. */
  readonly state: string;
  readonly bytes: number;
  /** Paths within the folder, with `/`. */
  readonly names: readonly string[];
}

/** `too large`: over {@link carriedBytes}, not sent. */
export type Sent = 'sent' | 'too large' | 'unchanged';

/**
 * Keeps the files of a folder in a hash in Redis. Everything in such a folder appears by a rename, complete, and what lies there
 * at any one moment is enough to go on from: so what is sent must have lain there at one moment.
 */
export class FolderSender {
  readonly #redis: Redis;
  readonly #folder: string;
  readonly #key: string;
  #sent = '';

  constructor(redis: Redis, folder: string, key: string) {
    this.#redis = redis;
    this.#folder = folder;
    this.#key = key;
  }

  /** @param allowed asked just before anything is changed in Redis */
  async send(allowed: () => Promise<boolean> = async () => true): Promise<Sent> {
    for (;;) {
      const before = await look(this.#folder);
      if (before.state === this.#sent || before.names.length === 0) return 'unchanged';
      if (before.bytes > carriedBytes) return 'too large';
      const files = await readAll(this.#folder, before.names);
      // Looked at again: had anything been renamed meanwhile, the files read might never have lain there together.
      if (files === undefined || (await look(this.#folder)).state !== before.state) continue;
      if (!(await allowed())) return 'unchanged';
      await this.#redis.multi().del(this.#key).hset(this.#key, files).expire(this.#key, keptSeconds).exec();
      this.#sent = before.state;
      return 'sent';
    }
  }
}

/** Makes the folder hold what the hash holds; an empty hash leaves it without files. */
export async function fetchFolder(redis: Redis, folder: string, key: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(await redis.hgetallBuffer(key))) {
    const file = join(folder, name);
    // The hash comes over the network: nothing in it may point outside.
    if (relative(folder, file).startsWith('..')) throw new Error(`${key} names the file ${name}`);
    await mkdir(dirname(file), { recursive: true });
    await writeAtomic(file, bytes);
  }
}

async function look(folder: string): Promise<Snapshot> {
  const names: string[] = [];
  const states: string[] = [];
  let bytes = 0;
  for (const path of await list(folder)) {
    const name = path.split(sep).join('/');
    // A dot or the ending marks what is being written, or removed.
    if (name.endsWith(temporaryEnding) || /(^|\/)\./.test(name)) continue;
    const status = await statIfThere(join(folder, path));
    if (!status?.isFile()) continue;
    names.push(name);
    states.push(`${name} ${status.ino} ${status.size} ${status.mtimeMs}`);
    bytes += status.size;
  }
  return { names, bytes, state: states.sort().join('\n') };
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder, { recursive: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function readAll(folder: string, names: readonly string[]): Promise<Map<string, Buffer> | undefined> {
  const files = new Map<string, Buffer>();
  for (const name of names) {
    try {
      files.set(name, await readFile(join(folder, name)));
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
  return files;
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

const isGone = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';
