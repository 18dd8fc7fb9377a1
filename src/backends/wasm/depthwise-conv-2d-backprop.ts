import * as tf from '@tensorflow/tfjs';
import { countTaps, forEachMeeting, type Window, window2D } from './taps.ts';
import type { WasmBackend } from './wasm-backend.ts';

type Shape4D = [number, number, number, number];
interface DepthwiseAttributes {
  readonly strides: number;
  readonly dilations: number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Missing from tfjs-backend-wasm. dy [N, Ho, Wo, C·M], filter [kH, kW, C, M] → dx [N, H, W, C]. */
export const depthwiseBackpropInput: tf.KernelConfig = {
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
    const { inputShape } = attrs as unknown as { inputShape: Shape4D };
    const [, , channels, multiplier] = filter.shape as Shape4D;
    const window = depthwiseWindow(inputShape, filter.shape as Shape4D, attrs);
    const out = wasm.makeOutput(inputShape, 'float32');
    const dx = wasm.typedArrayFromHeap(out).fill(0);
    const gradient = wasm.typedArrayFromHeap(dy);
    const weights = wasm.typedArrayFromHeap(filter);
    const size = channels * multiplier;
    for (let tap = 0; tap < countTaps(window); tap++) {
      forEachMeeting(window, tap, (input, output) => {
        for (let k = 0; k < size; k++) {
          const at = input * channels + Math.floor(k / multiplier);
          const product = (gradient[output * size + k] as number) * (weights[tap * size + k] as number);
          dx[at] = (dx[at] as number) + product;
        }
      });
    }
    return out;
  },
};

/** Missing from tfjs-backend-wasm. x [N, H, W, C], dy [N, Ho, Wo, C·M] → [kH, kW, C, M]. Sums in float64. */
export const depthwiseBackpropFilter: tf.KernelConfig = {
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { filterShape } = attrs as unknown as { filterShape: Shape4D };
    const [, , channels, multiplier] = filterShape;
    const window = depthwiseWindow(x.shape as Shape4D, filterShape, attrs);
    const out = wasm.makeOutput(filterShape, 'float32');
    const from = wasm.typedArrayFromHeap(x);
    const gradient = wasm.typedArrayFromHeap(dy);
    const size = channels * multiplier;
    const sums = new Float64Array(countTaps(window) * size);
    for (let tap = 0; tap < countTaps(window); tap++) {
      forEachMeeting(window, tap, (input, output) => {
        for (let k = 0; k < size; k++) {
          const value = from[input * channels + Math.floor(k / multiplier)] as number;
          const at = tap * size + k;
          sums[at] = (sums[at] as number) + value * (gradient[output * size + k] as number);
        }
      });
    }
    wasm.typedArrayFromHeap(out).set(sums);
    return out;
  },
};

function depthwiseWindow(inputShape: Shape4D, filterShape: Shape4D, attrs: unknown): Window {
  const { strides, dilations, pad, dimRoundingMode } = attrs as DepthwiseAttributes;
  return window2D(
    tf.backend_util.computeConv2DInfo(
      inputShape,
      filterShape,
      strides,
      dilations,
      pad,
      dimRoundingMode,
      true,
    ),
  );
}
