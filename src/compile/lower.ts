import type * as tf from '@tensorflow/tfjs';
import type { OpAttribute } from '../native/tensorflow-backend.ts';
import { type GraphNode, nodeName } from './graph-node.ts';
import { InPlaceOrder } from './in-place-order.ts';
import { ATTRIBUTE } from './node-backend.ts';
import {
  type RecordedGraph,
  type RecordedNode,
  type Source,
  sameValue,
  type TensorType,
  typeOf,
  type Value,
  writtenInput,
} from './recorded-graph.ts';
import { SharedMemory } from './shared-memory.ts';

export interface LoweredGraph {
  readonly nodes: readonly GraphNode[];
  /** What to feed, by name of the Placeholder. */
  readonly feeds: ReadonlyMap<string, Source>;
  /** What to fetch: `values` values, each in memory of its own, and where there are in-place nodes one that says they are done. */
  readonly fetches: readonly string[];
  readonly values: number;
  /** For each result, and each assigned variable, its place in `fetches`. */
  readonly results: readonly number[];
  readonly assigned: ReadonlyMap<tf.Variable, number>;
  /** Variables whose memory the graph writes into. */
  readonly writtenVariables: readonly tf.Variable[];
}

/** Operations to which tfjs-node gives no T, or one that its eager execution overrules with the type of the first input. */
const INFER_TYPE = new Set(['ExpandDims', 'Mean']);

/** Turns a recording into the nodes of a TensorFlow graph that may run in any order its edges allow. */
export function lower(graph: RecordedGraph): LoweredGraph {
  return new Lowering(graph).lowered();
}

class Lowering {
  private readonly graph: RecordedGraph;
  private readonly recorded: readonly RecordedNode[];
  private readonly memory: SharedMemory;
  private readonly order: InPlaceOrder;
  private readonly nodes: GraphNode[] = [];
  private readonly feeds = new Map<string, Source>();
  private readonly fetches: string[] = [];
  private readonly fetched: Value[] = [];
  private readonly copies = new Map<string, string>();
  private readonly writtenVariables = new Set<tf.Variable>();

  constructor(graph: RecordedGraph) {
    this.graph = graph;
    this.recorded = graph.nodes;
    this.memory = new SharedMemory(graph.nodes);
    this.order = new InPlaceOrder(graph.nodes, this.memory);
  }

  lowered(): LoweredGraph {
    const { results, assigned } = this.graph;
    const live = this.liveNodes();
    for (const index of live) this.addNode(index);
    const resultFetches = results.map((value) => this.fetch(value));
    const assignedFetches = new Map([...assigned].map(([variable, value]) => [variable, this.fetch(value)]));
    this.addBarriers(live);
    return {
      nodes: this.nodes,
      feeds: this.feeds,
      fetches: this.fetches,
      values: this.fetched.length,
      results: resultFetches,
      assigned: assignedFetches,
      writtenVariables: [...this.writtenVariables],
    };
  }

  /** Nodes that a result, an assigned variable or an in-place node needs, in their order. */
  private liveNodes(): number[] {
    const live = new Set<number>();
    const need = [...this.graph.results, ...this.graph.assigned.values()].map(({ node }) => node);
    need.push(...this.order.inPlaceNodes);
    for (let index = need.pop(); index !== undefined; index = need.pop()) {
      if (live.has(index)) continue;
      live.add(index);
      need.push(...(this.recorded[index] as RecordedNode).inputs.map(({ node }) => node));
    }
    return [...live].sort((a, b) => a - b);
  }

  private addNode(index: number): void {
    const node = this.recorded[index] as RecordedNode;
    const name = nodeName(index);
    const [type] = node.outputs as [TensorType];
    if (node.source !== undefined) {
      this.feeds.set(name, node.source);
      this.nodes.push({ name, op: node.op, inputs: [], attributes: placeholderAttributes(type) });
      return;
    }
    const inputs = node.inputs.map((value, k) => {
      if (node.writes?.includes(k)) return this.writableReference(value);
      return this.order.mustCopy(value, index) ? this.copy(value, 'read') : this.reference(value);
    });
    if (node.writes !== undefined) inputs.push(this.order.barrierOf(index));
    const attributes = INFER_TYPE.has(node.op)
      ? [...node.attributes.filter(({ name }) => name !== 'T'), this.typeAttribute(node.inputs[0] as Value)]
      : node.attributes;
    const { content } = node;
    this.nodes.push({
      name,
      op: node.op,
      inputs,
      attributes,
      ...(content && { tensor: { ...type, content } }),
    });
  }

  private reference(value: Value): string {
    const before = writtenInput(this.recorded, value);
    if (before !== undefined) return this.writableReference(before);
    return value.output === 0 ? nodeName(value.node) : `${nodeName(value.node)}:${value.output}`;
  }

  /** The memory that an in-place node writes: the variable's own, or else a copy that nothing else can see. */
  private writableReference(value: Value): string {
    const source = this.recorded[value.node]?.source;
    if (source?.kind === 'variable') this.writtenVariables.add(source.variable);
    const own = source?.kind === 'variable' || writtenInput(this.recorded, value) !== undefined;
    return own ? this.reference(value) : this.copy(value, 'write');
  }

  /** A copy taken when the value was new. DeepCopy is one that TensorFlow neither skips nor moves. */
  private copy(value: Value, purpose: 'read' | 'write'): string {
    const source = this.reference(value);
    const key = `${value.node}:${value.output} to ${purpose}`;
    let name = this.copies.get(key);
    if (name === undefined) {
      name = `c${this.copies.size}`;
      this.copies.set(key, name);
      const inputs = [source, ...this.order.controlsOfCopy(value)];
      this.nodes.push({ name, op: 'DeepCopy', inputs, attributes: [this.typeAttribute(value)] });
      this.order.addCopy(name, value);
    }
    return name;
  }

  private fetch(value: Value): number {
    const known = this.fetched.findIndex((other) => sameValue(other, value));
    if (known !== -1) return known;
    const shared =
      [...this.memory.of(value)].some((node) => this.memory.outlivesRun(node)) ||
      this.fetched.some((other) => this.memory.overlap(other, value));
    const name = shared || this.order.mustCopy(value) ? this.copy(value, 'read') : this.reference(value);
    this.fetches.push(name.includes(':') ? name : `${name}:0`);
    return this.fetched.push(value) - 1;
  }

  private addBarriers(live: readonly number[]): void {
    const { nodes, last } = this.order.barriers(live);
    this.nodes.push(...nodes);
    if (last === undefined) return;
    const done = { node: last.node, output: 0 };
    const inputs = [this.reference(done), last.after];
    this.nodes.push({ name: 'done', op: 'Identity', inputs, attributes: [this.typeAttribute(done)] });
    this.fetches.push('done:0');
  }

  private typeAttribute(value: Value): OpAttribute {
    return { name: 'T', type: ATTRIBUTE.type, value: typeOf(this.recorded, value).dtype };
  }
}

function placeholderAttributes({ dtype, shape }: TensorType): OpAttribute[] {
  return [
    { name: 'dtype', type: ATTRIBUTE.type, value: dtype },
    { name: 'shape', type: ATTRIBUTE.shape, value: shape },
  ];
}
