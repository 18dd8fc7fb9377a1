/**
 * When the nodes that write in place may run. TensorFlow orders nodes by their edges only, and knows nothing of the writing; so
 * the graph is cut into levels. A node has the level of its inputs; what an in-place node of level L has written counts as
 * level L + 1. Then
 *
 *   every node of level ≤ L  →  barrier `before L`  →  in-place nodes of level L  →  barrier `after L`  →  nodes of level L + 1
 *
 * and so whoever reads a variable's old values has read them before they are overwritten, wherever in the function it stood.
 * What a later level reads of an earlier one it reads from copies, taken at that level.
 */
import { type GraphNode, nodeName } from './graph-node.ts';
import { type RecordedNode, type Value, writtenInput } from './recorded-graph.ts';
import type { SharedMemory } from './shared-memory.ts';

export class InPlaceOrder {
  readonly inPlaceNodes: readonly number[];
  private readonly nodes: readonly RecordedNode[];
  private readonly memory: SharedMemory;
  private readonly levels: number[] = [];
  /** Names of copies of values of level L. */
  private readonly copies = new Map<number, string[]>();

  constructor(nodes: readonly RecordedNode[], memory: SharedMemory) {
    this.nodes = nodes;
    this.memory = memory;
    for (const { inputs } of nodes)
      this.levels.push(Math.max(0, ...inputs.map((value) => this.levelOf(value))));
    this.inPlaceNodes = nodes.flatMap(({ writes }, index) => (writes === undefined ? [] : [index]));
  }

  /**
   * Whether `reader` (none: whoever reads after the run) must read a copy of `value`: because it would find it overwritten, or
   * because Grappler does not keep it in its place. Grappler skips nodes that change nothing and with them what they waited for,
   * and folds what was computed into its reader, to be computed later from what is in memory then.
   */
  mustCopy(value: Value, reader?: number): boolean {
    if (this.inPlaceNodes.length === 0) return false;
    const from = this.levelOf(value);
    const to = reader === undefined ? Number.POSITIVE_INFINITY : (this.levels[reader] as number);
    const inPlace = reader !== undefined && this.nodes[reader]?.writes !== undefined;
    if (reader !== undefined && !inPlace) {
      const { content, source } = this.nodes[value.node] as RecordedNode;
      const computed = content === undefined && source === undefined;
      if (computed && (from < to || this.isWritten(value))) return true;
    }
    return this.inPlaceNodes.some((index) => {
      const level = this.levels[index] as number;
      if (level < from || (inPlace ? level > to : level >= to)) return false;
      const { inputs, writes } = this.nodes[index] as RecordedNode;
      return writes?.some((k) => this.memory.overlap(inputs[k] as Value, value));
    });
  }

  /** What an in-place node must wait for besides its inputs. */
  barrierOf(inPlaceNode: number): string {
    return `^before${this.levels[inPlaceNode]}`;
  }

  /** What a copy of the value must wait for. */
  controlsOfCopy(value: Value): string[] {
    return this.isWritten(value) ? [`^after${this.levels[value.node]}`] : [];
  }

  /** Declares a copy, which must be taken while the value is there. */
  addCopy(name: string, value: Value): void {
    const level = this.levelOf(value);
    this.copies.set(level, [...(this.copies.get(level) ?? []), name]);
  }

  /** The barriers, and which comes last. Nodes that another one of the same level waits for need no edge of their own. */
  barriers(live: readonly number[]): { nodes: GraphNode[]; last?: { node: number; after: string } } {
    const waitedFor = new Set<number>();
    for (const index of live) {
      const { inputs, writes } = this.nodes[index] as RecordedNode;
      for (const value of writes === undefined ? inputs : []) {
        if (this.levelOf(value) === this.levels[index]) waitedFor.add(value.node);
      }
    }
    const isLeaf = (index: number) => {
      const { content, source, writes } = this.nodes[index] as RecordedNode;
      return !waitedFor.has(index) && content === undefined && source === undefined && writes === undefined;
    };
    const nodes: GraphNode[] = [];
    const barrier = (name: string, inputs: string[]) =>
      nodes.push({ name, op: 'NoOp', inputs: inputs.map((input) => `^${input}`), attributes: [] });
    const levelOfLast = Math.max(-1, ...this.inPlaceNodes.map((index) => this.levels[index] as number));
    for (let level = 0; level <= levelOfLast; level++) {
      const leaves = live.filter((index) => this.levels[index] === level && isLeaf(index)).map(nodeName);
      const previous = level === 0 ? [] : [`after${level - 1}`];
      barrier(`before${level}`, [...previous, ...leaves, ...(this.copies.get(level) ?? [])]);
      const writers = this.inPlaceNodes.filter((index) => this.levels[index] === level);
      barrier(`after${level}`, writers.map(nodeName));
    }
    const node = this.inPlaceNodes.at(-1);
    return node === undefined ? { nodes } : { nodes, last: { node, after: `^after${levelOfLast}` } };
  }

  private levelOf(value: Value): number {
    const level = this.levels[value.node] as number;
    return this.isWritten(value) ? level + 1 : level;
  }

  private isWritten(value: Value): boolean {
    return writtenInput(this.nodes, value) !== undefined;
  }
}
