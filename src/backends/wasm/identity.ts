import type * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from './wasm-backend.ts';

/** In place of tfjs-backend-wasm's own, which copies: tensors never change, so a clone may share its data. */
export const identity: tf.KernelConfig = {
  kernelName: 'Identity',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x as tf.TensorInfo;
    (backend as WasmBackend).incRef(dataId);
    return { dataId, shape, dtype };
  },
};
