/**
 * Our own kernels for the `tensorflow` backend (the `.cc` files beside the modules that they serve), compiled by
 * `npm run native` into one addon. Loading it registers them with TensorFlow; they are then called by name, eagerly or
 * inside a compiled function. Every one of them has an op-by-op form that says the same in TensorFlow.js.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { copyOf, makePrivate, trackSharedBuffers } from './ownership.ts';
import { attributeList, type NativeAttributes, nativeBackend } from './tensorflow-backend.ts';

export type { NativeAttributes };

export interface NativeKernelStatus {
  readonly loaded: boolean;
  /** Names of the registered operations. */
  readonly operations: readonly string[];
  /** Why they are not in use; empty when they are. */
  readonly reason: string;
}

const operations = new Map<string, readonly number[]>();
let status: NativeKernelStatus = {
  loaded: false,
  operations: [],
  reason: 'the tensorflow backend is not in use',
};

/**
 * Loads `addon` (see `kernelsAddonPath`) into the running `tensorflow` backend; false where it cannot be had, with the reason in
 * `nativeKernelStatus()`. `TFJS_METHODS_NATIVE_KERNELS=0` switches it off.
 */
export function loadNativeKernels(addon: string): boolean {
  if (operations.size === 0) status = load(addon);
  return status.loaded;
}

function load(addon: string): NativeKernelStatus {
  const without = (reason: string): NativeKernelStatus => ({ loaded: false, operations: [], reason });
  if (process.env.TFJS_METHODS_NATIVE_KERNELS === '0')
    return without('switched off by TFJS_METHODS_NATIVE_KERNELS=0');
  if (!existsSync(addon)) return without('not compiled for this machine; `npm run native` compiles them');
  try {
    const table = createRequire(import.meta.url)(addon).operations as { name: string; writes: number[] }[];
    for (const { name, writes } of table) operations.set(name, writes);
  } catch (error) {
    return without(`the addon does not load: ${(error as Error).message}`);
  }
  trackSharedBuffers(nativeBackend());
  return { loaded: true, operations: [...operations.keys()], reason: '' };
}

export function nativeKernelStatus(): NativeKernelStatus {
  return status;
}

/** Whether `operation` is one of ours, loaded, and the backend in use is the one that has it. */
export function hasNativeKernel(operation: string): boolean {
  return operations.has(operation) && tf.getBackend() === 'tensorflow';
}

/**
 * Which of an operation's inputs it writes in place; undefined for one that writes none. Our in-place operations take lists of
 * equal length, `listLength`, one after the other: their arguments.
 */
export function writtenInputs(operation: string, listLength: number): readonly number[] | undefined {
  const writes = operations.get(operation);
  if (writes === undefined || writes.length === 0) return undefined;
  return writes.flatMap((argument) =>
    Array.from({ length: listLength }, (_, index) => argument * listLength + index),
  );
}

/** Runs an operation that writes none of its inputs. The caller owns the results. */
export function runNativeKernel(
  operation: string,
  attributes: NativeAttributes,
  inputs: readonly tf.Tensor[],
  outputs: number,
): tf.Tensor[] {
  const backend = nativeBackend();
  return backend.executeMultipleOutputs(operation, attributeList(attributes), [...inputs], outputs);
}

/**
 * Runs an operation that writes variables in place: `rows` are its arguments for each variable, to which its list arguments
 * are the columns, and `scalars` its last inputs. A variable that is written first gets a buffer of its own if it shares one
 * (a clone, a reshape, the tensor it was made from), so nobody else sees the change.
 */
export function runInPlaceKernel(
  operation: string,
  attributes: NativeAttributes,
  rows: readonly (readonly tf.Tensor[])[],
  scalars: readonly tf.Tensor[],
): void {
  const columns = (rows[0] ?? []).map((_, argument) => rows.map((row) => row[argument] as tf.Tensor));
  const inputs = [...columns.flat(), ...scalars];
  for (const index of writtenInputs(operation, rows.length) ?? [])
    ensurePrivate(inputs[index] as tf.Variable);
  const all = { N: { int: rows.length }, ...attributes };
  for (const done of runNativeKernel(operation, all, inputs, 1)) done.dispose();
}

/** Gives the variable a buffer of its own if it shares one. */
export function ensurePrivate(variable: tf.Variable): void {
  makePrivate(
    variable,
    hasNativeKernel('TfjsMethodsCopy') && variable.dtype === 'float32' ? nativeCopy : copyOf,
  );
}

/** Like `copyOf`, in memory that is fast to stream through (copy.cc). */
function nativeCopy(tensor: tf.Tensor): tf.Tensor {
  return runNativeKernel('TfjsMethodsCopy', {}, [tensor], 1)[0] as tf.Tensor;
}
