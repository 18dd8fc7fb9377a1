import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../errors.ts';
import { cpuFingerprint } from './cpu-fingerprint.ts';
import { kernelsKey } from './kernel-sources.ts';
import { NODE_API_VERSION, TENSORFLOW_VERSION } from './versions.ts';

const PACKAGE_NAME = 'tfjs-methods';

/** Root of this package: the checkout, or `node_modules/tfjs-methods`. */
export function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string };
      if (name === PACKAGE_NAME) return folder;
    }
    if (folder === dirname(folder))
      throw new Error(`no ${PACKAGE_NAME}/package.json above ${import.meta.url}`);
  }
}

/** Per-user folder for the library and what is compiled: TFJS_METHODS_CACHE, else the platform's own place for caches. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const named = env.TFJS_METHODS_CACHE ?? '';
  if (named !== '') return named;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', PACKAGE_NAME);
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), PACKAGE_NAME);
  const xdg = env.XDG_CACHE_HOME ?? '';
  return join(xdg === '' ? join(homedir(), '.cache') : xdg, PACKAGE_NAME);
}

/** Folder of the unpacked C library inside the cache. */
export function libraryDirectory(cache: string, version: string = TENSORFLOW_VERSION): string {
  return join(cache, `tensorflow-${version}-${process.platform}-${process.arch}`);
}

/**
 * Where tfjs-node is or would be laid: beside the `@tensorflow/tfjs` that this package uses, so that both share it.
 *
 * @throws UserError when `@tensorflow/tfjs` itself is not installed
 */
export function tfjsNodeDirectory(root: string = packageRoot()): string {
  const resolve = createRequire(join(root, 'package.json')).resolve;
  let tfjs: string;
  try {
    tfjs = dirname(resolve('@tensorflow/tfjs/package.json'));
  } catch {
    throw new UserError(`@tensorflow/tfjs is not installed for ${root}. Run npm install there.`, 3);
  }
  return join(dirname(tfjs), 'tfjs-node');
}

/** The addon that tfjs-node loads. */
export function tfjsAddonPath(tfjsNode: string): string {
  return join(tfjsNode, 'lib', `napi-v${NODE_API_VERSION}`, 'tfjs_binding.node');
}

export interface KernelsAddonOptions {
  /** What `tf.backend().binding.TF_Version` says is loaded. */
  readonly tensorflowVersion?: string;
  readonly root?: string;
  readonly cache?: string;
}

/**
 * Where the addon with our kernels is, if it was compiled for the present sources, this CPU and this TensorFlow; the file
 * need not exist. Synchronous and quick: called at start-up.
 */
export function kernelsAddonPath(options: KernelsAddonOptions = {}): string {
  const { tensorflowVersion = TENSORFLOW_VERSION, root = packageRoot(), cache = cacheDirectory() } = options;
  const key = kernelsKey(root, [tensorflowVersion, process.platform, process.arch, cpuFingerprint()]);
  return join(cache, 'kernels', key, 'tfjs_methods_kernels.node');
}
