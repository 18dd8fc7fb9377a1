import * as tf from '@tensorflow/tfjs';
import { runWasmKernel, type WasmBackend } from './wasm-backend.ts';

type Values = Float32Array | Int32Array | Uint8Array;
interface ReduceAttributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/**
 * In place of tfjs-backend-wasm's own, which transposes unless the axes come last, and whose one float32 sum drifts: 0.3 % over
 * a million values. Sums in float64.
 */
export const sum: tf.KernelConfig = {
  kernelName: 'Sum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo;
    return reduce(backend as WasmBackend, x, attrs as unknown as ReduceAttributes, x.dtype, () => 1);
  },
};

/** As `sum`. Always float32. */
export const mean: tf.KernelConfig = {
  kernelName: 'Mean',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const x = inputs.x as tf.TensorInfo;
    return reduce(
      backend as WasmBackend,
      x,
      attrs as unknown as ReduceAttributes,
      'float32',
      (count) => count,
    );
  },
};

/** Σ over the axes, divided by divisor(number of values in each sum). */
function reduce(
  backend: WasmBackend,
  x: tf.TensorInfo,
  { axis, keepDims }: ReduceAttributes,
  dtype: tf.DataType,
  divisor: (count: number) => number,
): tf.TensorInfo {
  const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
  const isReduced = (at: number) => axes.includes(at);
  const kept = x.shape.filter((_, at) => !isReduced(at));
  const shape = keepDims ? x.shape.map((size, at) => (isReduced(at) ? 1 : size)) : kept;
  const first = axes[0] ?? 0;
  const adjacent = axes.every((at, i) => at === first + i);
  // Seen as [outer, count, inner], with the middle to be summed; axes that lie apart are first brought to the end.
  const input = adjacent
    ? x
    : runWasmKernel('Transpose', backend, { x }, { perm: axesLast(x.shape.length, axes) });
  const count = tf.util.sizeFromShape(axes.map((at) => x.shape[at] as number));
  const outer = tf.util.sizeFromShape(adjacent ? x.shape.slice(0, first) : kept);
  const inner = tf.util.sizeFromShape(adjacent ? x.shape.slice(first + axes.length) : []);
  const out = backend.makeOutput(shape, dtype);
  const to = backend.typedArrayFromHeap(out);
  const from = backend.typedArrayFromHeap(input);
  if (inner === 1) sumRows(from, to, count, divisor(count));
  else sumColumns(from, to, { outer, count, inner }, divisor(count));
  if (!adjacent) backend.disposeData(input.dataId);
  return out;
}

function axesLast(rank: number, axes: readonly number[]): number[] {
  return [...Array.from({ length: rank }, (_, at) => at).filter((at) => !axes.includes(at)), ...axes];
}

/** from [outer, count] → to [outer]. */
function sumRows(from: Values, to: Values, count: number, divisor: number): void {
  for (let row = 0; row < to.length; row++) {
    const end = (row + 1) * count;
    let at = row * count;
    // Four sums at once, since each addition waits for the one before it.
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (; at + 3 < end; at += 4) {
      s0 += from[at] as number;
      s1 += from[at + 1] as number;
      s2 += from[at + 2] as number;
      s3 += from[at + 3] as number;
    }
    for (; at < end; at++) s0 += from[at] as number;
    to[row] = (s0 + s1 + (s2 + s3)) / divisor;
  }
}

/** from [outer, count, inner] → to [outer, inner]. */
function sumColumns(
  from: Values,
  to: Values,
  { outer, count, inner }: { outer: number; count: number; inner: number },
  divisor: number,
): void {
  const sums = new Float64Array(inner);
  let at = 0;
  for (let block = 0; block < outer; block++) {
    sums.fill(0);
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < inner; i++) sums[i] = (sums[i] as number) + (from[at++] as number);
    }
    for (let i = 0; i < inner; i++) to[block * inner + i] = (sums[i] as number) / divisor;
  }
}
