import * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from './wasm-backend.ts';

/**
 * Missing from tfjs-backend-wasm: the gradient of gather, hence of every embedding.
 * x [N, …], segmentIds int32 [N] → [numSegments, …]: the sum of the rows with each id. Ids outside 0 … numSegments − 1 are
 * left out, as TensorFlow leaves out negative ones.
 */
export const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const x = inputs.x as tf.TensorInfo;
    const segmentIds = inputs.segmentIds as tf.TensorInfo;
    const { numSegments } = attrs as unknown as { numSegments: number };
    if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0]) {
      throw new Error(
        `unsortedSegmentSum: segmentIds [${segmentIds.shape}] does not number the rows of [${x.shape}]`,
      );
    }
    const row = tf.util.sizeFromShape(x.shape.slice(1));
    const out = wasm.makeOutput([numSegments, ...x.shape.slice(1)], x.dtype);
    const to = wasm.typedArrayFromHeap(out).fill(0);
    const from = wasm.typedArrayFromHeap(x);
    const ids = wasm.typedArrayFromHeap(segmentIds);
    for (let n = 0; n < ids.length; n++) {
      const segment = ids[n] as number;
      if (segment < 0 || segment >= numSegments) continue;
      const start = segment * row;
      for (let i = 0; i < row; i++) to[start + i] = (to[start + i] as number) + (from[n * row + i] as number);
    }
    return out;
  },
};
