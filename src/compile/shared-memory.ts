/**
 * Which values of a graph may lie in the same memory. TensorFlow passes a buffer on where an operation has nothing to compute,
 * and its graph optimiser (Grappler) turns more operations into such ones: x · 1, x + 0, −(−x), a sum over axes of size 1,
 * anything of constants only. Unsound to miss one, one copy too many to suspect one in vain.
 */
import * as tf from '@tensorflow/tfjs';
import { mayShareBuffers } from '../native/ownership.ts';
import { DTYPE } from './node-backend.ts';
import { type RecordedNode, typeOf, type Value, writtenInput } from './recorded-graph.ts';

/** New memory, unless Grappler finds an operand that makes no difference: one made of constants. */
const ARITHMETIC = new Set(['Add', 'AddV2', 'Sub', 'Mul', 'Div', 'RealDiv', 'Pow', 'Select', 'SelectV2']);
/** New memory, unless only axes of size 1 are reduced. */
const REDUCTIONS = new Set(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any']);
/** New memory, unless applied twice. */
const INVOLUTIONS = new Set(['Neg', 'Reciprocal', 'LogicalNot', 'Conj']);
/** Constants once the shape of their input is known. */
const OF_SHAPE_ONLY = new Set(['ZerosLike', 'OnesLike', 'Shape', 'Size', 'Rank']);

export class SharedMemory {
  private readonly nodes: readonly RecordedNode[];
  private readonly memo = new Map<string, ReadonlySet<number>>();
  private readonly constant: boolean[] = [];

  constructor(nodes: readonly RecordedNode[]) {
    this.nodes = nodes;
    for (const { op, inputs } of nodes) {
      const known = inputs.length > 0 && inputs.every(({ node }) => this.constant[node]);
      this.constant.push(op === 'Const' || OF_SHAPE_ONLY.has(op) || known);
    }
  }

  /** Whether TensorFlow or our caller keeps the node's memory after a run: a constant or an input of the graph. */
  outlivesRun(node: number): boolean {
    return this.constant[node] === true || this.nodes[node]?.source !== undefined;
  }

  /** The nodes in whose memory `value` may lie, its own among them. */
  of(value: Value): ReadonlySet<number> {
    const name = `${value.node}:${value.output}`;
    let places = this.memo.get(name);
    if (places === undefined) {
      const written = writtenInput(this.nodes, value);
      const lenders = written === undefined ? this.lenders(value) : [written];
      places = new Set([value.node, ...lenders.flatMap((lender) => [...this.of(lender)])]);
      this.memo.set(name, places);
    }
    return places;
  }

  overlap(a: Value, b: Value): boolean {
    const places = this.of(b);
    return [...this.of(a)].some((place) => places.has(place));
  }

  /** The inputs whose memory an operation may return. */
  private lenders(value: Value): readonly Value[] {
    const { op, inputs } = this.nodes[value.node] as RecordedNode;
    const shares = () => {
      if (ARITHMETIC.has(op)) return inputs.some(({ node }) => this.mayBeNeutral(node));
      if (REDUCTIONS.has(op)) return this.size(value) === this.size(inputs[0] as Value);
      return INVOLUTIONS.has(op) || mayShareBuffers(op);
    };
    return shares() ? inputs : [];
  }

  /** Whether a node may be a constant full of zeros or ones (or of both). */
  private mayBeNeutral(index: number): boolean {
    const { content, outputs } = this.nodes[index] as RecordedNode;
    if (content === undefined) return this.constant[index] as boolean;
    if (outputs[0]?.dtype !== DTYPE.float32) return true;
    return new Float32Array(content.slice().buffer).every((value) => value === 0 || value === 1);
  }

  private size(value: Value): number {
    return tf.util.sizeFromShape([...typeOf(this.nodes, value).shape]);
  }
}
