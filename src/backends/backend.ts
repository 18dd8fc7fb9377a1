/**
 * What a user may ask for. `cpu`: the best CPU backend here (tensorflow, else wasm, else js). `gpu`: the best GPU, never a
 * software adapter. `auto`: `gpu` if there is one, else `cpu`. The others are exactly themselves; `js` is TensorFlow.js's own
 * plain backend, which it calls `cpu`.
 */
export type BackendRequest = 'auto' | 'cpu' | 'gpu' | 'tensorflow' | 'wasm' | 'webgpu' | 'js';

export type BackendName = 'tensorflow' | 'tensorflow-gpu' | 'wasm' | 'webgpu' | 'js';

export const BACKEND_REQUESTS: readonly BackendRequest[] = [
  'auto',
  'cpu',
  'gpu',
  'tensorflow',
  'wasm',
  'webgpu',
  'js',
];

/** The backend in use, for people to read and for environment.json. */
export interface Backend {
  readonly name: BackendName;
  /** TensorFlow's version, the package's version, or the name of the adapter. */
  readonly version: string;
  /** CPU threads that compute; 0 where a graphics adapter does. */
  readonly threads: number;
  /** Why this one was taken, as a phrase. */
  readonly reason: string;
  /** True for a graphics adapter emulated on the CPU (SwiftShader, llvmpipe): right numbers, no speed. */
  readonly software: boolean;
  /** Whether our own native kernels are in use (src/native). */
  readonly nativeKernels: boolean;
}

/** What a loader knows of the backend that it has just put in place. */
export type Loaded = Omit<Backend, 'reason'>;
