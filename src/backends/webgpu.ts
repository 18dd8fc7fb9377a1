import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { Loaded } from './backend.ts';
import { findAdapter } from './webgpu-adapter.ts';
import { mendCumsum } from './webgpu-cumsum.ts';

const REMEDY =
  'It needs a graphics card with a Vulkan, Metal or Direct3D 12 driver (on Linux: the package libvulkan1 and the driver of ' +
  'the card). Use --backend cpu.';

/**
 * MatMulPackedProgram, by TensorFlow.js's number. An adapter emulated on the CPU runs the lanes of a workgroup one after the other
 * and switches between them at each barrier: the program that TensorFlow.js takes for small results, one workgroup per element
 * with seven barriers each, takes 25 ms for 8 x 8 by 8 x 8 there, this one 0.14 ms.
 */
const FEW_BARRIERS = 3;

/** How the backend is made anew after releaseWebgpu: its package registers itself only once. */
let factory: ReturnType<typeof tf.findBackendFactory>;

/**
 * WebGPU through Dawn (package `webgpu`). Tensors are read with `await t.data()` only: dataSync throws.
 * With `realOnly`, refuses an adapter that is emulated on the CPU. Until releaseWebgpu, Dawn may keep the process alive.
 */
export async function loadWebgpu({ realOnly = false } = {}): Promise<Loaded> {
  const adapter = await findAdapter();
  if (adapter === undefined) {
    throw new UserError(`The webgpu backend finds no graphics adapter. ${REMEDY}`, 3);
  }
  if (realOnly && adapter.software) {
    throw new UserError(`The only graphics adapter, ${adapter.name}, is emulated on the CPU. ${REMEDY}`, 3);
  }
  if (tf.findBackendFactory('webgpu') === undefined || tf.findBackendFactory('webgpu') === null)
    await register();
  if (!(await tf.setBackend('webgpu'))) {
    throw new UserError(`The webgpu backend did not start on ${adapter.name}. ${REMEDY}`, 3);
  }
  if (adapter.software) tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', FEW_BARRIERS);
  return {
    name: 'webgpu',
    version: adapter.name,
    threads: 0,
    software: adapter.software,
    nativeKernels: false,
  };
}

async function register(): Promise<void> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  // Node 20 has no navigator; in later ones it is an object that may be extended.
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  }
  Object.defineProperty(navigator, 'gpu', { value: create([]), configurable: true });
  if (factory === undefined) {
    // The package registers the backend only if navigator.gpu is there when it is first imported.
    await import('@tensorflow/tfjs-backend-webgpu');
    factory = tf.findBackendFactory('webgpu');
    mendCumsum();
  } else {
    // 3 is the priority that the package gives itself.
    tf.registerBackend('webgpu', factory, 3);
  }
}

/** Frees the device and all tensors on it, and lets go of Dawn. */
export function releaseWebgpu(): void {
  if (globalThis.navigator?.gpu === undefined) return;
  tf.removeBackend('webgpu');
  Reflect.deleteProperty(navigator, 'gpu');
}
