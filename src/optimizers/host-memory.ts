/**
 * Tensors as the typed arrays in which the `js` and `wasm` backends keep them, so that an optimizer can update a variable in one
 * loop: an operation of TensorFlow.js costs 20 µs however small its tensors are, and a step has dozens.
 */
import * as tf from '@tensorflow/tfjs';

export interface HostMemory {
  /** The values, to be read at once: they may move with the next tensor that is made. */
  values(tensor: tf.Tensor): Float32Array;
  /** Makes the variable's values its own, so that nobody else sees them change. To be called before any `writable`. */
  own(variable: tf.Variable): void;
  /** The values of a variable that was owned, to be written. */
  writable(variable: tf.Variable): Float32Array;
}

/** Of the backend in use; undefined where tensors are not in JavaScript's reach. `TFJS_METHODS_NATIVE_KERNELS=0` switches it off. */
export function hostMemory(): HostMemory | undefined {
  if (process.env.TFJS_METHODS_NATIVE_KERNELS === '0') return undefined;
  if (tf.getBackend() === 'cpu') return jsMemory;
  return tf.getBackend() === 'wasm' ? wasmMemory : undefined;
}

interface JsBackend {
  readonly data: { get(dataId: tf.DataId): { values: Float32Array; readonly refCount: number } };
}

/**
 * On the `js` backend `data()` and slices hand out the array itself, uncounted; so it is never written, but replaced by a copy
 * that is.
 */
const jsMemory: HostMemory = {
  values: (tensor) => jsEntry(tensor).values,
  own(variable) {
    const entry = jsEntry(variable);
    if (entry.refCount === 1) entry.values = entry.values.slice();
    else replace(variable, entry.values.slice());
  },
  writable: (variable) => jsEntry(variable).values,
};

function jsEntry(tensor: tf.Tensor): { values: Float32Array; readonly refCount: number } {
  return (tf.backend() as unknown as JsBackend).data.get(tensor.dataId);
}

interface WasmBackend {
  dataIdNextNumber: number;
  readonly dataIdMap: { get(dataId: tf.DataId): { id: number; readonly memoryOffset: number } };
  readonly wasm: {
    readonly tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void;
      disposeData(id: number): void;
    };
  };
  refCount(dataId: tf.DataId): number;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

/** On `wasm` whoever shares memory is counted, and `data()` copies. */
const wasmMemory: HostMemory = {
  values: (tensor) => wasmBackend().typedArrayFromHeap(tensor),
  own(variable) {
    if (wasmBackend().refCount(variable.dataId) > 1) {
      replace(variable, wasmBackend().typedArrayFromHeap(variable).slice());
    }
    forgetPacked(variable);
  },
  writable: (variable) => wasmBackend().typedArrayFromHeap(variable),
};

/**
 * The library keeps the weights of matrix products and convolutions packed, by the number of their tensor: values that change
 * get a new number.
 */
function forgetPacked({ dataId, size }: tf.Variable): void {
  const backend = wasmBackend();
  const data = backend.dataIdMap.get(dataId);
  backend.wasm.tfjs.disposeData(data.id);
  data.id = backend.dataIdNextNumber++;
  backend.wasm.tfjs.registerTensor(data.id, size, data.memoryOffset);
}

function wasmBackend(): WasmBackend {
  return tf.backend() as unknown as WasmBackend;
}

function replace(variable: tf.Variable, values: Float32Array): void {
  const tensor = tf.tensor(values, variable.shape);
  variable.assign(tensor);
  tensor.dispose();
}
