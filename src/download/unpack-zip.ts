import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { UserError } from '../errors.ts';

export interface UnpackProgress {
  /** Called once with the bytes that will be written, before they are. */
  begin?(total: number): Promise<void>;
  /** Bytes written so far, of how many. */
  bytes(done: number, total: number): void;
}

/** Where a file of the archive goes inside the folder; undefined: it is not wanted. */
export type Wanted = (name: string) => string | undefined;

/**
 * Unpacks the wanted files of a zip archive, nothing else, into `folder`, which must exist; entries that are links become plain
 * files.
 *
 * @returns path inside the folder → size in bytes
 * @throws UserError for an archive that is broken, or in which a name leads out of the folder
 */
export async function unpackZip(
  file: string,
  folder: string,
  wanted: Wanted,
  progress: UnpackProgress,
): Promise<Readonly<Record<string, number>>> {
  try {
    const zip = await openPromise(file, { autoClose: false });
    try {
      return await unpackInto(folder, zip, wanted, progress);
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new UserError(
      `${file} is not a whole archive (${(error as Error).message}). Delete it and run this again.`,
      3,
    );
  }
}

async function unpackInto(
  folder: string,
  zip: ZipFile,
  wanted: Wanted,
  progress: UnpackProgress,
): Promise<Record<string, number>> {
  const entries: { entry: Entry; path: string }[] = [];
  // yauzl itself refuses names that are absolute or climb with `..`.
  for await (const entry of zip.eachEntry()) {
    const path = entry.fileName.endsWith('/') ? undefined : wanted(entry.fileName);
    if (path !== undefined) entries.push({ entry, path: inside(path) });
  }
  const total = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  await progress.begin?.(total);
  const sizes: Record<string, number> = {};
  let done = 0;
  for (const { entry, path } of entries) {
    await writeEntry(zip, entry, join(folder, path), (bytes) => {
      done += bytes;
      progress.bytes(done, total);
    });
    sizes[path] = entry.uncompressedSize;
  }
  return sizes;
}

function inside(path: string): string {
  const plain = normalize(path);
  if (!isAbsolute(plain) && !plain.split(/[/\\]/).includes('..')) return plain;
  throw new Error(`the name ${path} leads out of the folder`);
}

async function writeEntry(
  zip: ZipFile,
  entry: Entry,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const count = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      onBytes(chunk.length);
      callback(null, chunk);
    },
  });
  await pipeline(await zip.openReadStreamPromise(entry), count, createWriteStream(path));
  const handle = await open(path, 'r+');
  await handle.sync();
  await handle.close();
}
