/** What one call of a function did, as a graph: the nodes in the order in which they ran. */
import type * as tf from '@tensorflow/tfjs';
import type { OpAttribute } from '../native/tensorflow-backend.ts';

/**
 * Output `output` of node `node`. A node that writes inputs in place has, after its own outputs, one for each: that input's
 * memory as the node leaves it.
 */
export interface Value {
  readonly node: number;
  readonly output: number;
}

export interface TensorType {
  /** TF_DataType. */
  readonly dtype: number;
  readonly shape: readonly number[];
}

/** Where a replay gets the tensor of a Placeholder: a tensor argument, a variable, or a host value, by their order. */
export type Source =
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'variable'; readonly variable: tf.Variable }
  | { readonly kind: 'host'; readonly index: number };

export interface RecordedNode {
  readonly op: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly TensorType[];
  /** The bytes of a Const. */
  readonly content?: Uint8Array;
  /** Of a Placeholder. */
  readonly source?: Source;
  /** The inputs written in place, if any. */
  readonly writes?: readonly number[];
}

export interface HostInput extends TensorType {
  readonly compute: () => Float32Array | Int32Array;
}

export interface RecordedGraph {
  readonly nodes: readonly RecordedNode[];
  /** In the order in which they must be computed, whether or not a node reads them. */
  readonly hosts: readonly HostInput[];
  /** The result with each tensor replaced by its place in `results`. */
  readonly template: unknown;
  readonly results: readonly Value[];
  /** New values of variables. Those written in place are not among them. */
  readonly assigned: ReadonlyMap<tf.Variable, Value>;
}

/** The input in whose memory a written output lies, or undefined for an ordinary output. */
export function writtenInput(nodes: readonly RecordedNode[], value: Value): Value | undefined {
  const { inputs, outputs, writes } = nodes[value.node] as RecordedNode;
  const index = writes?.[value.output - outputs.length];
  return index === undefined ? undefined : inputs[index];
}

/** The value whose memory `value` is, before anything was written into it in place. */
export function unwritten(nodes: readonly RecordedNode[], value: Value): Value {
  const before = writtenInput(nodes, value);
  return before === undefined ? value : unwritten(nodes, before);
}

export function typeOf(nodes: readonly RecordedNode[], value: Value): TensorType {
  const { node, output } = unwritten(nodes, value);
  return nodes[node]?.outputs[output] as TensorType;
}

export function sameValue(a: Value, b: Value): boolean {
  return a.node === b.node && a.output === b.output;
}
