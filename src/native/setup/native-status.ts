import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findCompiler } from './compiler.ts';
import { cacheDirectory, kernelsAddonPath, packageRoot, tfjsAddonPath, tfjsNodeDirectory } from './paths.ts';
import { cachedLibrary } from './tensorflow-library.ts';

/** What of the native set-up is on this machine, without loading any of it. */
export interface NativeStatus {
  readonly cache: string;
  readonly cacheBytes: number;
  /** The C library in the cache; undefined when there is none (tfjs-node's own may still be there). */
  readonly library: { readonly version: string; readonly directory: string } | undefined;
  /** tfjs-node's compiled addon in this project. */
  readonly addon: string | undefined;
  /** Our compiled kernels for the present sources and CPU. */
  readonly kernels: string | undefined;
  /** First line of the compiler's `--version`. */
  readonly compiler: string | undefined;
}

export async function nativeStatus(
  options: { root?: string; cache?: string; tensorflowVersion?: string } = {},
): Promise<NativeStatus> {
  const { root = packageRoot(), cache = cacheDirectory() } = options;
  const library = cachedLibrary(cache);
  return {
    cache,
    cacheBytes: await bytesBelow(cache),
    library: library && { version: library.version, directory: library.directory },
    addon: ifPresent(tfjsAddonPath(tfjsNodeDirectory(root))),
    kernels: ifPresent(kernelsAddonPath({ ...options, root, cache })),
    compiler: (await findCompiler())?.version,
  };
}

function ifPresent(file: string): string | undefined {
  return existsSync(file) ? file : undefined;
}

async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(
      async (entry) => (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0,
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
