import * as tf from '@tensorflow/tfjs';
import { runWasmKernel, type WasmBackend } from './wasm-backend.ts';
import { XnnpackMatmul } from './xnnpack-matmul.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;
let xnnpack: XnnpackMatmul;

/**
 * In place of tfjs-backend-wasm's own, which falls back to a plain triple loop, 10–25 times slower, whenever a transpose flag
 * is set or there is more than one matrix, and which misreads batches that broadcast. Transposes first, then gives each
 * product of two matrices to XNNPACK.
 * a [...batch, M, K], b [...batch, K, N] (last two swapped under the flags), batches broadcast → [...batch, M, N].
 */
export const batchMatMul: tf.KernelConfig = {
  kernelName: 'BatchMatMul',
  backendName: 'wasm',
  setupFunc: (backend) => {
    xnnpack = new XnnpackMatmul(backend as WasmBackend);
  },
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    return multiplyBatches(backend as WasmBackend, a, b, transposeA, transposeB);
  },
};

/** The kernel by itself, for other kernels. */
export function multiplyBatches(
  backend: WasmBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): tf.TensorInfo {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(`matMul on the wasm backend takes float32 only, not ${a.dtype} and ${b.dtype}`);
  }
  const left = transposeA ? swapLastTwo(backend, a) : a;
  const right = transposeB ? swapLastTwo(backend, b) : b;
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const [innerOfRight, columns] = right.shape.slice(-2) as [number, number];
  if (inner !== innerOfRight) {
    throw new Error(
      `matMul: inner sizes ${inner} and ${innerOfRight} of [${a.shape}] and [${b.shape}] differ ` +
        `(transposeA ${transposeA}, transposeB ${transposeB})`,
    );
  }
  const batchA = left.shape.slice(0, -2);
  const batchB = right.shape.slice(0, -2);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const out = backend.makeOutput([...batch, rows, columns], 'float32');
  const count = tf.util.sizeFromShape(batch);
  if (count > 0 && rows > 0 && columns > 0) {
    if (inner === 0) backend.typedArrayFromHeap(out).fill(0);
    else if (tf.util.sizeFromShape(batchB) === 1) {
      // One right side for all: the matrices of the left, one below the other, are one matrix.
      const numberOf = (tensor: tf.TensorInfo) => backend.dataIdMap.get(tensor.dataId).id;
      const product = { a: numberOf(left), b: numberOf(right), out: numberOf(out), inner, columns };
      xnnpack.multiply({ ...product, rows: count * rows });
    } else {
      const whichA = broadcastIndices(batchA, batch);
      const whichB = broadcastIndices(batchB, batch);
      multiplyEach(backend, left, right, out, { rows, inner, columns }, whichA, whichB);
    }
  }
  if (transposeA) backend.disposeData(left.dataId);
  if (transposeB) backend.disposeData(right.dataId);
  return out;
}

/** out[i] = left[whichA[i]] · right[whichB[i]] for each matrix of the result. */
function multiplyEach(
  backend: WasmBackend,
  left: tf.TensorInfo,
  right: tf.TensorInfo,
  out: tf.TensorInfo,
  { rows, inner, columns }: { rows: number; inner: number; columns: number },
  whichA: readonly number[],
  whichB: readonly number[],
): void {
  const { tfjs } = backend.wasm;
  const addressOf = (tensor: tf.TensorInfo) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
  const [startA, startB, startOut] = [addressOf(left), addressOf(right), addressOf(out)];
  const [sizeA, sizeB, sizeOut] = [rows * inner, inner * columns, rows * columns];
  for (let i = 0; i < whichA.length; i++) {
    const a = xnnpack.view(startA + (whichA[i] as number) * sizeA * BYTES, sizeA);
    const b = xnnpack.view(startB + (whichB[i] as number) * sizeB * BYTES, sizeB);
    const product = xnnpack.view(startOut + i * sizeOut * BYTES, sizeOut);
    xnnpack.multiply({ a, b, out: product, rows, inner, columns });
    for (const id of [a, b, product]) tfjs.disposeData(id);
  }
}

function swapLastTwo(backend: WasmBackend, x: tf.TensorInfo): tf.TensorInfo {
  const last = x.shape.length - 1;
  const perm = [...x.shape.slice(0, -2).keys(), last, last - 1];
  return runWasmKernel('Transpose', backend, { x }, { perm });
}

/** For each entry of `batch` in order, the entry of the operand with batch shape `from` that broadcasts to it. */
function broadcastIndices(from: readonly number[], batch: readonly number[]): number[] {
  let indices = [0];
  const missing = batch.length - from.length;
  for (let axis = 0; axis < batch.length; axis++) {
    const size = axis < missing ? 1 : (from[axis - missing] as number);
    const positions = Array.from({ length: batch[axis] as number }, (_, position) => position);
    indices = indices.flatMap((index) =>
      positions.map((position) => index * size + (size === 1 ? 0 : position)),
    );
  }
  return indices;
}
