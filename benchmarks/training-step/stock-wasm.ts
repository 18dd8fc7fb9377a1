import * as tf from '@tensorflow/tfjs';
import { KERNELS } from '../../src/backends/wasm/kernels.ts';

/**
 * TensorFlow.js's wasm backend as it comes, with only those of our kernels that it lacks altogether and without which the
 * step would not run; those that replace its own are left out.
 */
export async function useStockWasm(): Promise<string> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  for (const kernel of KERNELS) {
    if (tf.getKernel(kernel.kernelName, 'wasm') === undefined) tf.registerKernel(kernel);
  }
  await tf.setBackend('wasm');
  return `tfjs-wasm ${wasm.version_wasm}, stock`;
}
