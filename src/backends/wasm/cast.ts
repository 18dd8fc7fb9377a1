import type * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from './wasm-backend.ts';

/** In place of tfjs-backend-wasm's own, which makes 0.5 false and −2 neither true nor false when it casts to bool. */
export const cast: tf.KernelConfig = {
  kernelName: 'Cast',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const x = inputs.x as tf.TensorInfo;
    const { dtype } = attrs as unknown as { dtype: tf.DataType };
    if (dtype === x.dtype) {
      wasm.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype };
    }
    const out = wasm.makeOutput(x.shape, dtype);
    const to = wasm.typedArrayFromHeap(out);
    const from = wasm.typedArrayFromHeap(x);
    if (dtype === 'bool') for (let i = 0; i < to.length; i++) to[i] = from[i] === 0 ? 0 : 1;
    // Rounds towards 0 where `to` holds integers.
    else to.set(from);
    return out;
  },
};
