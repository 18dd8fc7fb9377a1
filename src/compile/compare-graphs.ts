import type { OpAttribute } from '../native/tensorflow-backend.ts';
import { DTYPE } from './node-backend.ts';
import type { RecordedGraph, RecordedNode, Source, TensorType, Value } from './recorded-graph.ts';
import { sameValue } from './recorded-graph.ts';

export interface Difference {
  /** `constant`: the same graph but for the bytes of a Const. */
  readonly kind: 'structure' | 'constant';
  /** What differs, as a sentence without its full stop. */
  readonly text: string;
}

/** The first difference between two recordings of a function, or undefined where they are the same graph. */
export function firstDifference(a: RecordedGraph, b: RecordedGraph): Difference | undefined {
  let constant: Difference | undefined;
  for (const [index, node] of a.nodes.entries()) {
    const other = b.nodes[index];
    const text = other === undefined ? 'only one call has it' : nodeDifference(node, other);
    if (text !== undefined) return structure(`node ${index}, ${node.op}: ${text}`);
    constant ??= constantDifference(a, b, index);
  }
  if (b.nodes.length > a.nodes.length) {
    return structure(`node ${a.nodes.length}, ${b.nodes[a.nodes.length]?.op}: only one call has it`);
  }
  if (JSON.stringify([a.template, a.results]) !== JSON.stringify([b.template, b.results])) {
    return structure('the result has another structure');
  }
  const sameAssignments =
    a.assigned.size === b.assigned.size &&
    [...a.assigned].every(([variable, value]) => {
      const other = b.assigned.get(variable);
      return other !== undefined && sameValue(value, other);
    });
  if (!sameAssignments) return structure('other variables are assigned');
  const hostTypes = ({ hosts }: RecordedGraph) =>
    JSON.stringify(hosts.map(({ dtype, shape }) => [dtype, shape]));
  if (hostTypes(a) !== hostTypes(b)) return structure('other host values are computed');
  return constant;
}

function structure(text: string): Difference {
  return { kind: 'structure', text };
}

function nodeDifference(a: RecordedNode, b: RecordedNode): string | undefined {
  if (a.op !== b.op) return `the other call has ${b.op} there`;
  for (const [i, attribute] of a.attributes.entries()) {
    const other = b.attributes[i];
    if (other === undefined || printAttribute(attribute) !== printAttribute(other)) {
      return `attribute ${printAttribute(attribute)}, in the other call ${other && printAttribute(other)}`;
    }
  }
  if (
    a.inputs.length !== b.inputs.length ||
    !a.inputs.every((value, i) => sameValue(value, b.inputs[i] as Value))
  ) {
    return 'it has other inputs';
  }
  if (printTypes(a.outputs) !== printTypes(b.outputs)) {
    return `its output is ${printTypes(a.outputs)}, in the other call ${printTypes(b.outputs)}`;
  }
  return sameSource(a.source, b.source) ? undefined : 'it stands for another input';
}

function sameSource(a: Source | undefined, b: Source | undefined): boolean {
  if (a?.kind === 'variable') return b?.kind === 'variable' && a.variable === b.variable;
  return JSON.stringify(a) === JSON.stringify(b);
}

function constantDifference(a: RecordedGraph, b: RecordedGraph, index: number): Difference | undefined {
  const node = a.nodes[index] as RecordedNode;
  const [one, other] = [node.content, b.nodes[index]?.content];
  if (one === undefined || other === undefined || Buffer.compare(one, other) === 0) return undefined;
  const [type] = node.outputs as [TensorType];
  const [x, y] = [numbers(one, type.dtype), numbers(other, type.dtype)];
  const at = x.findIndex((value, i) => !Object.is(value, y[i]));
  const reader = a.nodes.find(({ inputs }) => inputs.some((value) => value.node === index));
  const place = x.length > 1 ? ` (element ${at})` : '';
  return {
    kind: 'constant',
    text:
      `${reader ? `an input of ${reader.op}` : 'a result'}, of shape [${type.shape}], is computed by JavaScript and ` +
      `was ${x[at]} in one call and ${y[at]} in the next${place}`,
  };
}

function numbers(bytes: Uint8Array, dtype: number): number[] {
  const { buffer, byteOffset, byteLength } = bytes.slice();
  if (dtype === DTYPE.float32) return [...new Float32Array(buffer, byteOffset, byteLength / 4)];
  if (dtype === DTYPE.int32) return [...new Int32Array(buffer, byteOffset, byteLength / 4)];
  return [...bytes];
}

function printAttribute({ name, type, value }: OpAttribute): string {
  return `${name} = ${value} (type ${type})`;
}

function printTypes(types: readonly TensorType[]): string {
  return types.map(({ dtype, shape }) => `[${shape}] of dtype ${dtype}`).join(' and ');
}
