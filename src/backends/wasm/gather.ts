import * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from './wasm-backend.ts';

interface GatherAttributes {
  readonly axis: number;
  readonly batchDims: number;
}

/**
 * In place of tfjs-backend-wasm's own, which with batchDims > 0 reads the indices of the wrong batch, and beyond the tensor.
 * x [...batch, ...outer, axis, ...slice], indices [...batch, ...which] → [...batch, ...outer, ...which, ...slice].
 */
export const gatherV2: tf.KernelConfig = {
  kernelName: 'GatherV2',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as unknown as GatherAttributes;
    const at = tf.util.parseAxisParam(axis, x.shape)[0] as number;
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
      tf.backend_util.segment_util.collectGatherOpShapeInfo(
        x as tf.Tensor,
        indices as tf.Tensor,
        at,
        batchDims,
      );
    const out = wasm.makeOutput(outputShape, x.dtype);
    const to = wasm.typedArrayFromHeap(out);
    const from = wasm.typedArrayFromHeap(x);
    const which = wasm.typedArrayFromHeap(indices);
    const perBatch = which.length / batchSize;
    let written = 0;
    for (let batch = 0; batch < batchSize; batch++) {
      for (let outer = 0; outer < outerSize; outer++) {
        const start = (batch * outerSize + outer) * dimSize;
        for (let i = 0; i < perBatch; i++) {
          const index = which[batch * perBatch + i] as number;
          if (index < 0 || index >= dimSize) {
            wasm.disposeData(out.dataId);
            throw new Error(`gather: the index ${index} is not in 0 … ${dimSize - 1}`);
          }
          const row = (start + index) * sliceSize;
          for (let k = 0; k < sliceSize; k++) to[written++] = from[row + k] as number;
        }
      }
    }
    return out;
  },
};
