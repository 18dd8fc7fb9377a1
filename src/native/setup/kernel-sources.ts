import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { NODE_API_VERSION } from './versions.ts';

const SOURCE_FOLDERS = ['src', 'methods'];

/**
 * Sums may be reordered, or no loop over one would become vector instructions; NaN and infinity keep their meaning, which
 * -ffast-math would take from them.
 */
export const KERNEL_COMPILE_FLAGS: readonly string[] = [
  '-O3',
  '-fassociative-math',
  '-fno-signed-zeros',
  '-fno-trapping-math',
  '-fno-math-errno',
  '-std=c++17',
  '-fPIC',
  '-pthread',
  `-DNAPI_VERSION=${NODE_API_VERSION}`,
];

/** The package's `.cc` files, each a translation unit of its own, sorted. */
export function kernelSources(root: string): string[] {
  return filesOfKernels(root).filter((file) => file.endsWith('.cc'));
}

/** Folder name for an addon compiled from the present sources (headers included) under the given circumstances. */
export function kernelsKey(root: string, circumstances: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of [...KERNEL_COMPILE_FLAGS, ...circumstances]) hash.update(`${part}\0`);
  for (const file of filesOfKernels(root)) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 24);
}

function filesOfKernels(root: string): string[] {
  const found: string[] = [];
  for (const folder of SOURCE_FOLDERS) collect(join(root, folder), found);
  return found.sort();
}

function collect(folder: string, found: string[]): void {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // e.g. a package without methods/
    throw error;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, found);
    else if (/\.(cc|h)$/.test(entry.name)) found.push(path);
  }
}

function readEntries(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}
