import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { libraryDirectory } from './paths.ts';
import type { SmokeReport } from './smoke-test.ts';
import { type LibraryRecord, RECORD_FILE } from './unpack-wheel.ts';

/** A TensorFlow C library to compile against. */
export interface TensorflowLibrary {
  readonly version: string;
  readonly directory: string;
  /** File names inside `directory` to link. */
  readonly files: readonly string[];
  readonly include: string;
}

/** The library in the cache, if it is whole. */
export function cachedLibrary(cache: string): TensorflowLibrary | undefined {
  const directory = libraryDirectory(cache);
  try {
    const record = JSON.parse(readFileSync(join(directory, RECORD_FILE), 'utf8')) as LibraryRecord;
    const files = Object.keys(record.libraries);
    const whole = files.every((file) => statSync(join(directory, file)).size === record.libraries[file]);
    if (!whole || files.length === 0) return undefined;
    return { version: record.version, directory, files, include: join(directory, 'include') };
  } catch {
    return undefined;
  }
}

/**
 * The library that tfjs-node has loaded: ours in the cache, or the one that its own installer laid into `deps/`.
 * Undefined when there are no headers for it.
 */
export function loadedLibrary(
  cache: string,
  tfjsNode: string,
  report: SmokeReport,
): TensorflowLibrary | undefined {
  const cached = cachedLibrary(cache);
  if (cached?.version === report.tensorflowVersion) return cached;
  const stock = join(tfjsNode, 'deps', 'lib');
  const directories = [...new Set([...report.libraries.map(dirname), stock])];
  const includes = [
    join(tfjsNode, 'deps', 'include'),
    ...directories.map((directory) => join(directory, 'include')),
  ];
  const include = includes.find((folder) => existsSync(join(folder, 'tensorflow', 'c', 'c_api.h')));
  const directory = directories.find((folder) => linkable(folder).length > 0);
  if (include === undefined || directory === undefined) return undefined;
  return { version: report.tensorflowVersion, directory, files: linkable(directory), include };
}

/** One name per library: `libtensorflow.so.2`, not also `libtensorflow.so` and `libtensorflow.so.2.9.1`. */
function linkable(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) =>
    /^libtensorflow(_cc|_framework)?(\.so\.\d+|\.\d+\.dylib)$/.test(name),
  );
}

/** Arguments that link an addon against a library and let it find the library again when it is loaded. */
export function linkArguments(library: TensorflowLibrary): string[] {
  // -Xlinker, not -Wl: a comma in the path would split the latter.
  const rpath = ['-Xlinker', '-rpath', '-Xlinker', library.directory];
  if (process.platform !== 'darwin') {
    return [`-L${library.directory}`, ...library.files.map((file) => `-l:${file}`), ...rpath];
  }
  const files = library.files.map((file) => join(library.directory, file));
  return [...files, ...rpath, '-undefined', 'dynamic_lookup'];
}
