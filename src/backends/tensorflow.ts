import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { loadNativeKernels } from '../native/kernels.ts';
import { kernelsAddonPath, tfjsAddonPath, tfjsNodeDirectory } from '../native/setup/paths.ts';
import type { Loaded } from './backend.ts';
import { repairNodeUtil } from './repair-node.ts';

const require = createRequire(import.meta.url);

/** What we use of the addon. `TF_Version` is not enumerable. */
interface Binding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
}

type Package = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

/** Which of the two packages this process has loaded: both register the same backend and kernels, so only one can be. */
let loaded: Package | undefined;

/** TensorFlow's C library through tfjs-node, with our native kernels where they are compiled. */
export async function loadTensorflow(): Promise<Loaded> {
  return load('@tensorflow/tfjs-node');
}

/** The same on CUDA through tfjs-node-gpu; an error where it does not load or finds no GPU. */
export async function loadTensorflowGpu(): Promise<Loaded> {
  return load('@tensorflow/tfjs-node-gpu');
}

async function load(name: Package): Promise<Loaded> {
  if (loaded !== undefined && loaded !== name) {
    throw new UserError(`${name} cannot be loaded beside ${loaded}: start a new process for it.`, 3);
  }
  const gpu = name === '@tensorflow/tfjs-node-gpu';
  if (loaded === undefined) {
    // 0 and 1 print a line for each CPU feature and each library; errors still come through.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    repairNodeUtil();
    require(usableDirectory(name));
    loaded = name;
  }
  await tf.setBackend('tensorflow');
  const { binding } = tf.backend() as unknown as { binding: Binding };
  const addon = kernelsAddonPath({ tensorflowVersion: binding.TF_Version });
  return {
    name: gpu ? 'tensorflow-gpu' : 'tensorflow',
    version: binding.TF_Version,
    // TensorFlow's own default is the CPUs that this process may use.
    threads: Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism(),
    software: false,
    nativeKernels: loadNativeKernels(addon),
  };
}

/** The package's folder, once its addon has loaded by itself: a package that fails half-way leaves its kernels registered. */
function usableDirectory(name: Package): string {
  const directory = packageDirectory(name);
  if (directory === undefined) throw unavailable(name, 'it is not installed');
  const addon = tfjsAddonPath(directory);
  if (!existsSync(addon)) throw unavailable(name, `it is installed without its addon, ${addon}`);
  let binding: Binding;
  try {
    binding = require(addon);
  } catch (error) {
    throw unavailable(name, `its addon does not load: ${(error as Error).message}`);
  }
  if (name === '@tensorflow/tfjs-node-gpu' && !binding.isUsingGpuDevice()) {
    throw unavailable(name, 'it finds no GPU');
  }
  return directory;
}

/** Where Node finds the package, else where `npm run native` lays it. */
function packageDirectory(name: Package): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    if (name !== '@tensorflow/tfjs-node') return undefined;
    const laid = tfjsNodeDirectory();
    return existsSync(laid) ? laid : undefined;
  }
}

function unavailable(name: Package, why: string): UserError {
  const remedy =
    name === '@tensorflow/tfjs-node'
      ? 'Run `npm run native` in a checkout, or `npx tfjs-methods setup`; or use --backend wasm.'
      : 'It needs CUDA 11.2 and `npm install @tensorflow/tfjs-node-gpu@4.22.0`.';
  return new UserError(`${name} cannot be used: ${why}. ${remedy}`, 3);
}
