/** Tensors in nested lists and records: what goes into a compiled function and comes out of it. */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';

/** Rebuilds nested lists and plain records with every leaf replaced. */
export function mapLeaves(tree: unknown, replace: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((item) => mapLeaves(item, replace));
  if (isRecord(tree)) {
    return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, mapLeaves(item, replace)]));
  }
  return replace(tree);
}

/**
 * Describes arguments so that two calls with the same description can share a graph: structure, dtypes and shapes of tensors,
 * values of numbers, booleans and strings. A tf.Variable is state, not a value: it stands for itself. Appends the tensors to
 * `tensors`, in the order in which `mapLeaves` meets them.
 */
export function describe(tree: unknown, tensors: tf.Tensor[]): string {
  if (Array.isArray(tree)) return `[${tree.map((item) => describe(item, tensors)).join()}]`;
  if (isRecord(tree)) {
    const fields = Object.entries(tree).map(
      ([key, item]) => `${JSON.stringify(key)}:${describe(item, tensors)}`,
    );
    return `{${fields.join()}}`;
  }
  if (tree instanceof tf.Tensor) {
    if (tree.isDisposed)
      throw new UserError(`A disposed tensor of shape [${tree.shape}] was passed as an argument.`);
    if (tree instanceof tf.Variable) return `variable ${tree.id}`;
    tensors.push(tree);
    return `${tree.dtype}[${tree.shape}]`;
  }
  switch (typeof tree) {
    case 'string':
      return JSON.stringify(tree);
    case 'number':
      return Object.is(tree, -0) ? '-0' : String(tree);
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return `${typeof tree} ${tree}`;
    default:
      if (tree === null) return 'null';
      throw new UserError(
        `An argument of a compiled function may be a tensor, a number, a boolean, a string, or lists and records of those, not ${kindOf(tree)}.`,
      );
  }
}

/** 'an array', 'a Float32Array', 'a function': for messages. */
export function kindOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return `a ${typeof value}`;
  return `a ${value.constructor?.name ?? 'object'}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
