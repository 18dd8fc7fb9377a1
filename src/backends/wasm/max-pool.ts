import * as tf from '@tensorflow/tfjs';
import { countOutputs, countTaps, forEachMeeting, type Window, window2D, window3D } from './taps.ts';
import type { WasmBackend } from './wasm-backend.ts';

type Shape4D = [number, number, number, number];
type Shape5D = [number, number, number, number, number];
interface PoolAttributes {
  readonly filterSize: number;
  readonly strides: number;
  readonly pad: 'valid' | 'same' | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** In place of tfjs-backend-wasm's own, which is wrong wherever the largest value of a window is negative. */
export const maxPool3D: tf.KernelConfig = {
  kernelName: 'MaxPool3D',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const wasm = backend as WasmBackend;
    const x = inputs.x as tf.TensorInfo;
    const { geometry, window } = window3DOf(x, attrs);
    const out = wasm.makeOutput(geometry.outShape, x.dtype);
    const { largest } = findMaxima(wasm, x, window);
    wasm.typedArrayFromHeap(out).set(largest);
    return out;
  },
};

/** Likewise wrong. */
export const maxPoolGrad: tf.KernelConfig = {
  kernelName: 'MaxPoolGrad',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttributes;
    const shape = input.shape as Shape4D;
    const geometry = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    return routeToMaximum(backend as WasmBackend, input, dy, window2D(geometry));
  },
};

/** Likewise wrong. */
export const maxPool3DGrad: tf.KernelConfig = {
  kernelName: 'MaxPool3DGrad',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
    return routeToMaximum(backend as WasmBackend, input, dy, window3DOf(input, attrs).window);
  },
};

function window3DOf(x: tf.TensorInfo, attrs: unknown) {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as PoolAttributes;
  const shape = x.shape as Shape5D;
  const geometry = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return { geometry, window: window3D(geometry) };
}

/** Each value of dy goes to the first largest input of its window. */
function routeToMaximum(
  backend: WasmBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  window: Window,
): tf.TensorInfo {
  const out = backend.makeOutput(x.shape, 'float32');
  const { where } = findMaxima(backend, x, window);
  const dx = backend.typedArrayFromHeap(out).fill(0);
  const gradient = backend.typedArrayFromHeap(dy);
  for (let i = 0; i < where.length; i++) {
    const at = where[i] as number;
    if (at >= 0) dx[at] = (dx[at] as number) + (gradient[i] as number);
  }
  return out;
}

/** For each output: the largest input of its window, and the first place in x that holds it (−1 for an empty window). */
function findMaxima(
  backend: WasmBackend,
  x: tf.TensorInfo,
  window: Window,
): { largest: Float32Array; where: Int32Array } {
  const channels = x.shape[x.shape.length - 1] as number;
  const values = backend.typedArrayFromHeap(x);
  const largest = new Float32Array(countOutputs(window) * channels).fill(Number.NEGATIVE_INFINITY);
  const where = new Int32Array(largest.length).fill(-1);
  for (let tap = 0; tap < countTaps(window); tap++) {
    forEachMeeting(window, tap, (input, output) => {
      for (let c = 0; c < channels; c++) {
        const value = values[input * channels + c] as number;
        if (value > (largest[output * channels + c] as number)) {
          largest[output * channels + c] = value;
          where[output * channels + c] = input * channels + c;
        }
      }
    });
  }
  return { largest, where };
}
