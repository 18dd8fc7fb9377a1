/** What recording and replaying need of tfjs-node's backend and its addon, beyond src/native. */
import * as tf from '@tensorflow/tfjs';
import type { Binding, TensorflowBackend } from '../native/tensorflow-backend.ts';

/** TF_AttrType and TF_DataType of TensorFlow's C API, as far as they occur; their numbers never change. */
export const ATTRIBUTE = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;
export const DTYPE = { float32: 1, int32: 3, string: 7, complex64: 8, bool: 10 } as const;

export type TypedArray = Float32Array | Int32Array | Uint8Array;

export interface SessionBinding extends Binding {
  createTensor(shape: readonly number[], dtype: number, values: TypedArray): number;
  deleteTensor(id: number): void;
  loadSavedModel(directory: string, tags: string): number;
  runSavedModel(session: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[];
  deleteSavedModel(session: number): void;
}

/** A tensor of the addon: `dtype` is a TF_DataType. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** What the backend knows of a data id. While `values` is not null they have not reached TensorFlow yet, and `id` means nothing. */
export interface TensorData {
  readonly shape: number[];
  readonly dtype: number;
  id: number;
  values: TypedArray | null;
  readonly refCount: number;
}

export interface NodeBackend extends TensorflowBackend {
  binding: SessionBinding;
  readonly tensorMap: { get(dataId: tf.DataId): TensorData };
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId;
  read(dataId: tf.DataId): Promise<tf.backend_util.BackendValues>;
  readSync(dataId: tf.DataId): tf.backend_util.BackendValues;
}

/** The backend in use if it is TensorFlow's C library. */
export function nodeBackend(): NodeBackend | undefined {
  return tf.getBackend() === 'tensorflow' ? (tf.backend() as unknown as NodeBackend) : undefined;
}
