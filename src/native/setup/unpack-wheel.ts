import { createWriteStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { UserError } from '../../errors.ts';
import { buildDirectory } from './build-directory.ts';
import type { Progress } from './progress.ts';
import type { Wheel } from './wheel.ts';

/** What `#include "tensorflow/c/{c_api,eager/c_api,kernels,ops}.h"` and tfjs-node's sources reach. */
const HEADER_FOLDERS = [
  'tensorflow/c/',
  'tensorflow/core/platform/',
  'tensorflow/core/common_runtime/next_pluggable_device/c/',
  'tsl/platform/',
  'xla/tsl/c/',
];

/** Written last: a folder that holds it is whole. */
export interface LibraryRecord {
  readonly version: string;
  readonly wheel: string;
  /** Size of each library in bytes. */
  readonly libraries: Readonly<Record<string, number>>;
}

export const RECORD_FILE = 'library.json';

/**
 * Unpacks the C library and its headers, nothing else, from a wheel into `target` (`LIBRARIES`, `include/…`,
 * `library.json`), all or nothing.
 *
 * @throws UserError for a broken archive, or a wheel without the library
 */
export async function unpackWheel(
  file: string,
  wheel: Wheel,
  target: string,
  progress: Progress,
): Promise<void> {
  try {
    await buildDirectory(target, (staging) => unpackInto(staging, file, wheel, progress));
  } catch (error) {
    if (error instanceof UserError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new UserError(
      `${file} is not a whole wheel (${(error as Error).message}). Delete it and run this again.`,
      3,
    );
  }
}

async function unpackInto(staging: string, file: string, wheel: Wheel, progress: Progress): Promise<void> {
  const zip = await openPromise(file, { autoClose: false });
  try {
    const wanted = await listWanted(zip, wheel);
    const total = wanted.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
    const libraries: Record<string, number> = {};
    let done = 0;
    for (const { entry, path } of wanted) {
      await writeEntry(zip, entry, join(staging, path), (bytes) => {
        done += bytes;
        progress.bytes('Unpacking TensorFlow', done, total);
      });
      if (wheel.libraries.includes(path)) libraries[path] = entry.uncompressedSize;
    }
    const missing = wheel.libraries.filter((name) => libraries[name] === undefined);
    if (missing.length > 0) throw new UserError(`${file} holds no ${missing.join(', ')}.`, 3);
    const record: LibraryRecord = { version: wheel.version, wheel: wheel.file, libraries };
    await writeFile(join(staging, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`, { flush: true });
  } finally {
    zip.close();
  }
}

async function listWanted(zip: ZipFile, wheel: Wheel): Promise<{ entry: Entry; path: string }[]> {
  const wanted: { entry: Entry; path: string }[] = [];
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.replace(/^tensorflow\//, '');
    const header = name.replace(/^include\//, '');
    const isHeader =
      name !== header && name.endsWith('.h') && HEADER_FOLDERS.some((folder) => header.startsWith(folder));
    if (isHeader || wheel.libraries.includes(name)) wanted.push({ entry, path: name });
  }
  return wanted;
}

async function writeEntry(
  zip: ZipFile,
  entry: Entry,
  path: string,
  onBytes: (n: number) => void,
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
