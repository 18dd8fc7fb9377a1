import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { Loaded } from './backend.ts';
import { repairNodeUtil } from './node-util.ts';

const require = createRequire(import.meta.url);
const ADDON = join('lib', 'napi-v8', 'tfjs_binding.node');

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
    const directory = await usableDirectory(name);
    require(directory);
    loaded = name;
  }
  await tf.setBackend('tensorflow');
  const { binding } = tf.backend() as unknown as { binding: Binding };
  return {
    name: gpu ? 'tensorflow-gpu' : 'tensorflow',
    version: binding.TF_Version,
    // TensorFlow's own default is the CPUs that this process may use.
    threads: Number(process.env.TF_NUM_INTRAOP_THREADS) || availableParallelism(),
    software: false,
    nativeKernels: false,
  };
}

/** Where the package lies whose addon loads: tried alone first, since a half-loaded package leaves its kernels registered. */
async function usableDirectory(name: Package): Promise<string> {
  const reasons: string[] = [];
  for (const directory of candidates(name)) {
    const addon = join(directory, ADDON);
    if (!existsSync(addon)) {
      reasons.push(`${name} is installed without its addon (${addon})`);
      continue;
    }
    try {
      const binding = require(addon) as Binding;
      if (name === '@tensorflow/tfjs-node' || binding.isUsingGpuDevice()) return directory;
      reasons.push(`${name} finds no GPU`);
    } catch (error) {
      reasons.push(`${addon} does not load: ${(error as Error).message}`);
    }
  }
  if (reasons.length === 0) reasons.push(`${name} is not installed`);
  const remedy =
    name === '@tensorflow/tfjs-node'
      ? 'Run `npm run native` in a checkout, or `npx tfjs-methods setup`; or use --backend wasm.'
      : 'It needs CUDA 11.2 and `npm install @tensorflow/tfjs-node-gpu@4.22.0`.';
  throw new UserError(
    `The ${name.replace('@tensorflow/', '')} backend is not here: ${reasons.join('; ')}. ${remedy}`,
    3,
  );
}

function candidates(name: Package): string[] {
  try {
    return [dirname(require.resolve(`${name}/package.json`))];
  } catch {
    return [];
  }
}
