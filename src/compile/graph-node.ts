import type { OpAttribute } from '../native/tensorflow-backend.ts';
import type { TensorType } from './recorded-graph.ts';

/** A node as TensorFlow wants it: inputs by name, `^name` for one that only has to run before. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: readonly OpAttribute[];
  /** The value of a Const. */
  readonly tensor?: TensorType & { readonly content: Uint8Array };
}

/** Of the recorded node at this place. */
export function nodeName(index: number): string {
  return `n${index}`;
}
