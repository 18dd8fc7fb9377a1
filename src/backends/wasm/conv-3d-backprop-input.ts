import * as tf from '@tensorflow/tfjs';
import { countTaps, forEachMeeting, window3D } from './taps.ts';
import type { WasmBackend } from './wasm-backend.ts';

type Shape5D = [number, number, number, number, number];
interface ConvolutionAttributes {
  readonly strides: number;
  readonly pad: 'valid' | 'same';
  readonly inputShape: Shape5D;
}

/** In place of tfjs-backend-wasm's own, which is wrong. dx [N, D, H, W, Cin] from dy and filter [kD, kH, kW, Cin, Cout]. */
export const conv3DBackpropInput: tf.KernelConfig = {
  kernelName: 'Conv3DBackpropInputV2',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const { strides, pad, inputShape } = attrs as unknown as ConvolutionAttributes;
    const filterShape = filter.shape as Shape5D;
    const [, , , channels, outputs] = filterShape;
    const window = window3D(tf.backend_util.computeConv3DInfo(inputShape, filterShape, strides, 1, pad));
    const out = wasm.makeOutput(inputShape, 'float32');
    const dx = wasm.typedArrayFromHeap(out).fill(0);
    const gradient = wasm.typedArrayFromHeap(dy);
    const weights = wasm.typedArrayFromHeap(filter);
    for (let tap = 0; tap < countTaps(window); tap++) {
      forEachMeeting(window, tap, (input, output) => {
        for (let i = 0; i < channels; i++) {
          let sum = 0;
          for (let o = 0; o < outputs; o++) {
            const weight = weights[(tap * channels + i) * outputs + o] as number;
            sum += weight * (gradient[output * outputs + o] as number);
          }
          dx[input * channels + i] = (dx[input * channels + i] as number) + sum;
        }
      });
    }
    return out;
  },
};
