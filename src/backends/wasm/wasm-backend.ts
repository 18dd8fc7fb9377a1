import * as tf from '@tensorflow/tfjs';

/** The parts of tfjs-backend-wasm's backend that its kernels use, and ours too. */
export interface WasmBackend extends tf.KernelBackend {
  readonly wasm: WasmModule;
  /** Number by which the C++ side knows the data, and where it lies in the heap, in bytes. */
  readonly dataIdMap: { get(dataId: tf.DataId): { readonly id: number; readonly memoryOffset: number } };
  dataIdNextNumber: number;
  /** Uninitialised memory; the caller owns it. */
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of the heap: gone when the heap grows, that is, at the next makeOutput. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: tf.DataId): boolean;
}

export interface WasmModule {
  /** All of the heap, in bytes; another view after the heap has grown. */
  readonly HEAPU8: Uint8Array;
  /** Address of so many bytes; signed, hence `>>> 0`. */
  _malloc(bytes: number): number;
  cwrap(name: string, returns: null, parameters: readonly 'number'[]): (...values: number[]) => void;
  readonly tfjs: {
    /** Tells the C++ side of `size` elements at `offset` bytes. It never frees them. */
    registerTensor(id: number, size: number, offset: number): void;
    /** Forgets the id, and the XNNPACK operators that were made with it as weights. */
    disposeData(id: number): void;
  };
}

type KernelInputs = Readonly<Record<string, tf.TensorInfo>>;
type KernelAttributes = Readonly<Record<string, unknown>>;

/** Runs another wasm kernel with one output. The caller disposes of what it returns. */
export function runWasmKernel(
  name: string,
  backend: WasmBackend,
  inputs: KernelInputs,
  attrs: KernelAttributes = {},
): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(name, 'wasm');
  const output = kernelFunc({ inputs: { ...inputs }, backend, attrs: { ...attrs } as tf.NamedAttrMap });
  return output as tf.TensorInfo;
}
