import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../errors.ts';
import type { Loaded } from '../backend.ts';
import { KERNELS } from './kernels.ts';

/** TensorFlow.js's WebAssembly backend (one thread under Node), with our corrections. */
export async function loadWasm(): Promise<Loaded> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  registerKernels();
  if (!(await tf.setBackend('wasm'))) {
    throw new UserError('The wasm backend did not start: this Node lacks WebAssembly. Use --backend js.', 3);
  }
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const version = `${wasm.version_wasm}${simd ? ', SIMD' : ''}`;
  return { name: 'wasm', version, threads: 1, software: false, nativeKernels: false };
}

let registered = false;

/** Before the first setBackend('wasm'), which sets the kernels up. */
function registerKernels(): void {
  if (registered) return;
  for (const kernel of KERNELS) {
    if (tf.getKernel(kernel.kernelName, 'wasm')) tf.unregisterKernel(kernel.kernelName, 'wasm');
    tf.registerKernel(kernel);
  }
  registered = true;
}
