import * as tf from '@tensorflow/tfjs';
import { runWasmKernel, type WasmBackend } from './wasm-backend.ts';
import { type Addresses, type Sizes, XnnpackMatmul } from './xnnpack-matmul.ts';

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
  if (inner === 0) backend.typedArrayFromHeap(out).fill(0);
  else if (count > 0 && rows > 0 && columns > 0) {
    const addressOf = (tensor: tf.TensorInfo) => backend.dataIdMap.get(tensor.dataId).memoryOffset;
    const addresses = { a: addressOf(left), b: addressOf(right), out: addressOf(out) };
    if (tf.util.sizeFromShape(batchB) === 1) {
      // One right side for all: the matrices of the left, one below the other, are one matrix.
      xnnpack.multiply(addresses, { rows: count * rows, inner, columns });
    } else {
      const sizes = { rows, inner, columns };
      multiplyEach(addresses, sizes, broadcastIndices(batchA, batch), broadcastIndices(batchB, batch));
    }
  }
  if (transposeA) backend.disposeData(left.dataId);
  if (transposeB) backend.disposeData(right.dataId);
  return out;
}

/** out[i] = a[whichA[i]] · b[whichB[i]] for each matrix of the result. */
function multiplyEach(
  { a, b, out }: Addresses,
  sizes: Sizes,
  whichA: readonly number[],
  whichB: readonly number[],
): void {
  const bytesOfA = sizes.rows * sizes.inner * BYTES;
  const bytesOfB = sizes.inner * sizes.columns * BYTES;
  const bytesOfOut = sizes.rows * sizes.columns * BYTES;
  for (let i = 0; i < whichA.length; i++) {
    const matrices = {
      a: a + (whichA[i] as number) * bytesOfA,
      b: b + (whichB[i] as number) * bytesOfB,
      out: out + i * bytesOfOut,
    };
    xnnpack.multiply(matrices, sizes);
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
