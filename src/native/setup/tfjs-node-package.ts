import { constants, existsSync } from 'node:fs';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildDirectory } from '../../download/build-directory.ts';
import { npmInCache } from './npm.ts';
import { TFJS_NODE_VERSION } from './versions.ts';

const PACKAGE = '@tensorflow/tfjs-node';

/** What tfjs-node requires at run time besides `@tensorflow/tfjs`. */
const RUN_TIME = ['@mapbox/node-pre-gyp', 'google-protobuf', 'progress'];

/** Whether tfjs-node's JavaScript, the sources of its addon and its dependencies are at hand. */
export function tfjsNodeIsWhole(directory: string): boolean {
  if (!existsSync(join(directory, 'binding', 'tfjs_binding.cc'))) return false;
  const resolve = createRequire(join(directory, 'package.json')).resolve;
  try {
    for (const name of RUN_TIME) resolve(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Brings tfjs-node's JavaScript to `directory`. npm removes an optional dependency whose install script fails, on every
 * `npm ci` anew, and must not be run inside a project that it is just installing; hence once into the cache, then a copy.
 */
export async function layTfjsNode(
  cache: string,
  directory: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  // The stand-in: a second copy of TensorFlow.js would have tensors and kernels of its own (and weighs 300 MB).
  const modules = await npmInCache(cache, PACKAGE, TFJS_NODE_VERSION, ['@tensorflow/tfjs'], env);
  await buildDirectory(directory, async (staging) => {
    await copy(join(modules, PACKAGE), staging);
    await mkdir(join(staging, 'node_modules'), { recursive: true });
    for (const name of await readdir(modules)) {
      if (name === '@tensorflow' || name.startsWith('.')) continue;
      await copy(join(modules, name), join(staging, 'node_modules', name));
    }
  });
}

function copy(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE });
}
