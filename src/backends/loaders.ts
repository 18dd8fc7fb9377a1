import type { BackendName, Loaded } from './backend.ts';

/** Loaders by name. Each imports its module when called, so that a backend that is not used is not loaded. */
export const LOADERS: Readonly<Record<BackendName, () => Promise<Loaded>>> = {
  tensorflow: async () => (await import('./tensorflow.ts')).loadTensorflow(),
  'tensorflow-gpu': async () => (await import('./tensorflow.ts')).loadTensorflowGpu(),
  wasm: async () => (await import('./wasm/load.ts')).loadWasm(),
  webgpu: async () => (await import('./webgpu.ts')).loadWebgpu(),
  js: async () => (await import('./js.ts')).loadJs(),
};
