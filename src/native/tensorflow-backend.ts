/** The parts of tfjs-node's backend that it does not export, as far as we use them. */
import * as tf from '@tensorflow/tfjs';

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface Binding {
  readonly TF_Version: string;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): TensorMetadata[];
}

export interface TensorflowBackend extends tf.KernelBackend {
  binding: Binding;
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
  getDTypeInteger(dtype: tf.DataType): number;
  refCount(dataId: object): number;
}

/** Attributes of our operations: whole numbers `{int: 3}` and lists of them, floats as plain numbers, booleans. */
export type NativeAttributes = Readonly<
  Record<string, number | boolean | { readonly int: number | readonly number[] }>
>;

/** The running `tensorflow` backend. */
export function nativeBackend(): TensorflowBackend {
  return tf.backend() as unknown as TensorflowBackend;
}

export function attributeList(attributes: NativeAttributes): OpAttribute[] {
  const { TF_ATTR_BOOL, TF_ATTR_FLOAT, TF_ATTR_INT } = nativeBackend().binding;
  return Object.entries(attributes).map(([name, value]) => {
    if (typeof value === 'boolean') return { name, type: TF_ATTR_BOOL, value };
    if (typeof value === 'number') return { name, type: TF_ATTR_FLOAT, value };
    return { name, type: TF_ATTR_INT, value: value.int };
  });
}
