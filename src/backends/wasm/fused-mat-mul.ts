import type * as tf from '@tensorflow/tfjs';
import { multiplyBatches } from './batch-mat-mul.ts';
import { runWasmKernel, type WasmBackend } from './wasm-backend.ts';

/** The kernel of each activation that tf.fused.matMul knows; linear has none. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

interface FusedAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

/**
 * In place of tfjs-backend-wasm's own, which adds the bias more than once, and leaves sigmoid and elu out, when a transpose
 * flag is set or the inner size exceeds 48. activation(a · b + bias).
 */
export const fusedMatMul: tf.KernelConfig = {
  kernelName: '_FusedMatMul',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { a, b, bias, preluActivationWeights } = inputs as Record<string, tf.TensorInfo | undefined>;
    const { transposeA, transposeB, activation, leakyreluAlpha } = attrs as unknown as FusedAttributes;
    let out = multiplyBatches(wasm, a as tf.TensorInfo, b as tf.TensorInfo, transposeA, transposeB);
    const replace = (next: tf.TensorInfo) => {
      wasm.disposeData(out.dataId);
      out = next;
    };
    if (bias) replace(runWasmKernel('Add', wasm, { a: out, b: bias }));
    const kernel = ACTIVATIONS[activation];
    if (kernel !== undefined) {
      const operands = preluActivationWeights ? { x: out, alpha: preluActivationWeights } : { x: out };
      replace(runWasmKernel(kernel, wasm, operands, { alpha: leakyreluAlpha }));
    } else if (activation && activation !== 'linear') {
      wasm.disposeData(out.dataId);
      throw new Error(`fused matMul on the wasm backend has no activation '${activation}'`);
    }
    return out;
  },
};
