import * as tf from '@tensorflow/tfjs';
import { ATTRIBUTE, DTYPE, type NodeBackend } from './node-backend.ts';

let registered = false;

/**
 * Replaces tfjs-node's GatherV2, which reads all indices back to JavaScript to check them, at every call. TensorFlow checks
 * them itself (on the CPU; on a GPU an index out of range gives zeros), so that without the reading it can be recorded.
 */
export function registerGather(): void {
  if (registered) return;
  registered = true;
  tf.unregisterKernel('GatherV2', 'tensorflow');
  tf.registerKernel({
    kernelName: 'GatherV2',
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, indices } = inputs as { x: tf.Tensor; indices: tf.Tensor };
      const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
      const node = backend as NodeBackend;
      const attributes = [
        { name: 'batch_dims', type: ATTRIBUTE.int, value: batchDims },
        { name: 'Tparams', type: ATTRIBUTE.type, value: node.getDTypeInteger(x.dtype) },
        { name: 'Tindices', type: ATTRIBUTE.type, value: node.getDTypeInteger(indices.dtype) },
        { name: 'Taxis', type: ATTRIBUTE.type, value: DTYPE.int32 },
      ];
      const axisTensor = tf.scalar(axis, 'int32');
      const result = node.executeSingleOutput('GatherV2', attributes, [x, indices, axisTensor]);
      axisTensor.dispose();
      return result;
    },
  });
}
