import * as tf from '@tensorflow/tfjs';
import { countOutputs, countTaps, forEachMeeting, type Window, window2D, window3D } from './taps.ts';
import type { WasmBackend } from './wasm-backend.ts';
import { XnnpackMatmul } from './xnnpack-matmul.ts';

type Shape4D = [number, number, number, number];
type Shape5D = [number, number, number, number, number];
interface ConvolutionAttributes<Shape> {
  readonly strides: number;
  readonly pad: 'valid' | 'same';
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly filterShape: Shape;
}

const BYTES = Float32Array.BYTES_PER_ELEMENT;
let xnnpack: XnnpackMatmul;
const setupFunc: tf.KernelConfig['setupFunc'] = (backend) => {
  xnnpack = new XnnpackMatmul(backend as WasmBackend);
};

/** Missing from tfjs-backend-wasm. x [N, H, W, Cin], dy [N, Ho, Wo, Cout] → [kH, kW, Cin, Cout]. */
export const conv2DBackpropFilter: tf.KernelConfig = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  setupFunc,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } =
      attrs as unknown as ConvolutionAttributes<Shape4D>;
    if (dataFormat !== 'NHWC') throw new Error('conv2d on the wasm backend takes NHWC only');
    const shape = x.shape as Shape4D;
    const geometry = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
    return filterGradient(backend as WasmBackend, x, dy, window2D(geometry), filterShape);
  },
};

/** In place of tfjs-backend-wasm's own, which is wrong for strides above 1. With a depth after the batch, as above. */
export const conv3DBackpropFilter: tf.KernelConfig = {
  kernelName: 'Conv3DBackpropFilterV2',
  backendName: 'wasm',
  setupFunc,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
    const { strides, pad, filterShape } = attrs as unknown as ConvolutionAttributes<Shape5D>;
    const geometry = tf.backend_util.computeConv3DInfo(x.shape as Shape5D, filterShape, strides, 1, pad);
    return filterGradient(backend as WasmBackend, x, dy, window3D(geometry), filterShape);
  },
};

/** For each tap of the filter: (what the output pixels see through it)ᵀ [Cin, pixels] · dy [pixels, Cout]. */
function filterGradient(
  backend: WasmBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  window: Window,
  filterShape: number[],
): tf.TensorInfo {
  const [channels, outputs] = filterShape.slice(-2) as [number, number];
  const pixels = countOutputs(window);
  const size = channels * outputs;
  const out = backend.makeOutput(filterShape, 'float32');
  const seen = backend.makeOutput([channels, pixels], 'float32');
  const addressOf = (tensor: tf.TensorInfo) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
  for (let tap = 0; tap < countTaps(window); tap++) {
    // Views anew each time: XNNPACK's packed copy of dy may make the heap grow.
    const from = backend.typedArrayFromHeap(x);
    const column = backend.typedArrayFromHeap(seen).fill(0);
    forEachMeeting(window, tap, (input, output) => {
      for (let c = 0; c < channels; c++) {
        column[c * pixels + output] = from[input * channels + c] as number;
      }
    });
    const addresses = { a: addressOf(seen), b: addressOf(dy), out: addressOf(out) + tap * size * BYTES };
    xnnpack.multiply(addresses, { rows: channels, inner: pixels, columns: outputs });
  }
  backend.disposeData(seen.dataId);
  return out;
}
