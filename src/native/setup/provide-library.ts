import { existsSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeStaging } from '../../download/build-directory.ts';
import type { Progress } from '../../download/progress.ts';
import { type FreeBytes, requireSpace } from '../../download/space.ts';
import { TENSORFLOW_SPACE } from './disk.ts';
import { fetchWheel } from './fetch-wheel.ts';
import { libraryDirectory } from './paths.ts';
import { cachedLibrary, type TensorflowLibrary } from './tensorflow-library.ts';
import { unpackWheel } from './unpack-wheel.ts';
import type { Wheel } from './wheel.ts';

/** Room for npm packages, compiled addons and rounding. */
const MARGIN_BYTES = 50e6;

export interface ProvideOptions {
  readonly progress: Progress;
  readonly env?: NodeJS.ProcessEnv;
  readonly measure?: FreeBytes;
}

/**
 * The C library in the cache, fetched and unpacked if it is not there. The wheel is deleted afterwards.
 *
 * @throws UserError for no space, no network, a damaged wheel
 */
export async function provideLibrary(
  wheel: Wheel,
  cache: string,
  options: ProvideOptions,
): Promise<TensorflowLibrary> {
  const present = cachedLibrary(cache);
  if (present !== undefined) return present;
  const downloads = join(cache, 'downloads');
  await mkdir(downloads, { recursive: true });
  await removeStaging(downloads);
  const missing = wheel.bytes - (await bytesPresent(join(downloads, wheel.file), wheel.bytes));
  const needed = missing + wheel.unpackedBytes + MARGIN_BYTES;
  await requireSpace(cache, needed, { ...TENSORFLOW_SPACE, measure: options.measure });
  const file = await fetchWheel(wheel, downloads, options);
  await unpackWheel(file, wheel, libraryDirectory(cache), options.progress);
  await rm(file);
  const library = cachedLibrary(cache);
  if (library === undefined) throw new Error(`${libraryDirectory(cache)} is not whole after unpacking`);
  return library;
}

async function bytesPresent(file: string, limit: number): Promise<number> {
  const path = existsSync(file) ? file : `${file}.part`;
  return Math.min(limit, (await stat(path).catch(() => undefined))?.size ?? 0);
}
