import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDirectory } from '../../download/build-directory.ts';
import type { Progress } from '../../download/progress.ts';
import { unpackZip } from '../../download/unpack-zip.ts';
import { UserError } from '../../errors.ts';
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
  await buildDirectory(target, async (staging) => {
    const sizes = await unpackZip(file, staging, wantedFrom(wheel), {
      bytes: (done, total) => progress.bytes('Unpacking TensorFlow', done, total),
    });
    const missing = wheel.libraries.filter((name) => sizes[name] === undefined);
    if (missing.length > 0) throw new UserError(`${file} holds no ${missing.join(', ')}.`, 3);
    const libraries = Object.fromEntries(wheel.libraries.map((name) => [name, sizes[name] as number]));
    const record: LibraryRecord = { version: wheel.version, wheel: wheel.file, libraries };
    await writeFile(join(staging, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`, { flush: true });
  });
}

function wantedFrom(wheel: Wheel): (name: string) => string | undefined {
  return (entry) => {
    const name = entry.replace(/^tensorflow\//, '');
    const header = name.replace(/^include\//, '');
    const isHeader =
      name !== header && name.endsWith('.h') && HEADER_FOLDERS.some((folder) => header.startsWith(folder));
    return isHeader || wheel.libraries.includes(name) ? name : undefined;
  };
}
