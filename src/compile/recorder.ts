import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { writtenInputs } from '../native/kernels.ts';
import type { OpAttribute } from '../native/tensorflow-backend.ts';
import {
  ATTRIBUTE,
  DTYPE,
  type NodeBackend,
  type SessionBinding,
  type TensorData,
  type TypedArray,
} from './node-backend.ts';
import { override } from './override.ts';
import {
  type HostInput,
  type RecordedNode,
  type Source,
  type TensorType,
  typeOf,
  unwritten,
  type Value,
} from './recorded-graph.ts';
import type { Recording } from './recording-state.ts';

/**
 * Writes down what TensorFlow.js asks of TensorFlow while it does it. Every kernel of tfjs-node ends in one `executeOp`
 * of the addon, which holds what a node of a graph holds; its inputs are told apart by data id: results of recorded nodes,
 * values that JavaScript made during the call (Const), and what came from outside (Placeholder).
 */
export class Recorder implements Recording {
  readonly nodes: RecordedNode[] = [];
  readonly hosts: HostInput[] = [];
  private readonly backend: NodeBackend;
  private readonly binding: SessionBinding;
  private readonly computed: TypedArray[];
  /** By number of the native tensor; the addon never uses a number twice. */
  private readonly values = new Map<number, Value>();
  private readonly sources = new Map<tf.DataId, Source>();
  /** Data that JavaScript wrote since the recording began. */
  private readonly written = new WeakSet<tf.DataId>();
  /** Placeholders by what they stand for; and for each variable in use the value that its own memory holds by now. */
  private readonly placeholders = new Map<Source, Value>();
  private readonly latest = new Map<tf.Variable, Value>();
  /** Values that an in-place operation has replaced in their memory. */
  private readonly overwritten = new Set<Value>();
  private paused = false;
  private failure: UserError | undefined;

  /** `computed` holds the host values that this call of the function has computed so far, and takes those still to come. */
  constructor(backend: NodeBackend, computed: TypedArray[]) {
    this.backend = backend;
    this.computed = computed;
    this.binding = backend.binding;
  }

  /** Declares that the tensor's present data come from outside. */
  input(tensor: tf.Tensor, source: Source): void {
    this.sources.set(tensor.dataId, source);
  }

  hostValues(compute: () => Float32Array | Int32Array): Float32Array | Int32Array {
    this.computed[this.hosts.length] ??= compute();
    return this.computed[this.hosts.length] as Float32Array | Int32Array;
  }

  hostInput(tensor: tf.Tensor, compute: () => Float32Array | Int32Array): void {
    this.input(tensor, { kind: 'host', index: this.hosts.length });
    this.hosts.push({ compute, shape: tensor.shape, dtype: this.backend.getDTypeInteger(tensor.dtype) });
  }

  copyVariable(variable: tf.Variable, copy: () => void): void {
    const value = this.valueOf(variable);
    const source = this.nodes[unwritten(this.nodes, value).node]?.source;
    if (source?.kind !== 'variable' || source.variable !== variable || this.overwritten.has(value)) {
      copy();
      return;
    }
    this.paused = true;
    try {
      copy();
    } finally {
      this.paused = false;
    }
    this.values.set(this.backend.tensorMap.get(variable.dataId).id, value);
  }

  /** Runs `body` with the backend under observation, and leaves the backend as it was. */
  observe<T>(body: () => T): T {
    const { backend } = this;
    const { write, readSync } = backend;
    const restore = override(backend, {
      binding: Object.create(this.binding, { executeOp: { value: this.executeOp.bind(this) } }),
      getInputTensorIds: (tensors: readonly tf.TensorInfo[]) => tensors.map((tensor) => this.idOf(tensor)),
      write: (...parameters: Parameters<NodeBackend['write']>) => {
        const dataId = write.apply(backend, parameters);
        this.written.add(dataId);
        return dataId;
      },
      readSync: (dataId: tf.DataId) => {
        if (!this.mayRead(dataId)) throw this.fail(dataRead());
        return readSync.call(backend, dataId);
      },
      // A rejected promise that nobody awaits would end the process: deliver the values, and refuse the recording.
      read: async (dataId: tf.DataId) => {
        if (!this.mayRead(dataId)) this.fail(dataRead());
        return readSync.call(backend, dataId);
      },
    });
    try {
      const result = body();
      if (this.failure !== undefined) throw this.failure;
      return result;
    } finally {
      restore();
    }
  }

  /** What a tensor is in the graph; a new Const or Placeholder where nothing has used it yet. */
  valueOf(tensor: tf.TensorInfo): Value {
    return this.values.get(this.idOf(tensor)) as Value;
  }

  /** What must be assigned to a variable that held the data `before` the call; undefined where its own memory holds it. */
  assignedValue(variable: tf.Variable, before: tf.DataId): Value | undefined {
    if (variable.dataId === before && !this.latest.has(variable)) return undefined;
    const value = this.valueOf(variable);
    return value === this.latest.get(variable) ? undefined : value;
  }

  private executeOp(op: string, attributes: OpAttribute[], ids: number[], count: number) {
    if (this.paused) return this.binding.executeOp(op, attributes, ids, count);
    const inputs = ids.map((id) => {
      const value = this.values.get(id);
      if (value === undefined) throw this.fail(unknownTensor(`An input of ${op}`));
      return value;
    });
    const results = this.binding.executeOp(op, attributes, ids, count);
    const writes = writtenInputs(op, listLength(attributes));
    for (const index of writes ?? []) inputs[index] = this.overwrite(inputs[index] as Value);
    const node = this.add({ op, attributes, inputs, outputs: results, ...(writes && { writes }) });
    for (const [output, { id }] of results.entries()) this.values.set(id, { node, output });
    for (const [k, index] of (writes ?? []).entries()) {
      const value = { node, output: results.length + k };
      this.values.set(ids[index] as number, value);
      const source = this.nodes[unwritten(this.nodes, value).node]?.source;
      if (source?.kind === 'variable') this.latest.set(source.variable, value);
    }
    return results;
  }

  /** The value to write into: old values that something has kept and given back are in no memory of their own any more. */
  private overwrite(value: Value): Value {
    let target = value;
    if (this.overwritten.has(value)) {
      const type = typeOf(this.nodes, value);
      const attributes = [{ name: 'T', type: ATTRIBUTE.type, value: type.dtype }];
      target = {
        node: this.add({ op: 'DeepCopy', attributes, inputs: [value], outputs: [type] }),
        output: 0,
      };
    }
    this.overwritten.add(target);
    return target;
  }

  private add(node: RecordedNode): number {
    const outputs = node.outputs.map(({ dtype, shape }) => ({ dtype, shape }));
    return this.nodes.push({ ...node, outputs }) - 1;
  }

  private idOf(tensor: tf.TensorInfo): number {
    if (tensor.dataId === undefined)
      throw this.fail(new UserError('int64 scalars cannot be part of a compiled function.'));
    const data = this.backend.tensorMap.get(tensor.dataId);
    if (data.values !== null || !this.values.has(data.id)) this.meet(tensor, data);
    return data.id;
  }

  /** The first use of a tensor that no recorded node made. */
  private meet(tensor: tf.TensorInfo, data: TensorData): void {
    const { dtype, shape, values } = data;
    const source = this.sources.get(tensor.dataId);
    if (source === undefined && (values === null || !this.written.has(tensor.dataId))) {
      throw this.fail(unknownTensor(`A tensor of shape [${tensor.shape}] (${tensor.dtype})`));
    }
    if (dtype === DTYPE.string)
      throw this.fail(new UserError('String tensors cannot be part of a compiled function.'));
    if (values !== null) {
      data.id = this.binding.createTensor(shape, dtype, values);
      data.values = null;
    }
    const type = { dtype, shape };
    const value =
      source === undefined ? this.constant(type, values as TypedArray) : this.placeholder(type, source);
    this.values.set(data.id, value);
  }

  private constant(type: TensorType, values: TypedArray): Value {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    return {
      node: this.add({ op: 'Const', attributes: [], inputs: [], outputs: [type], content }),
      output: 0,
    };
  }

  private placeholder(type: TensorType, source: Source): Value {
    const known = this.placeholders.get(source);
    if (known !== undefined) return known;
    const value = {
      node: this.add({ op: 'Placeholder', attributes: [], inputs: [], outputs: [type], source }),
      output: 0,
    };
    this.placeholders.set(source, value);
    if (source.kind === 'variable') this.latest.set(source.variable, value);
    return value;
  }

  /** What JavaScript wrote in this very call it may read again: it is the same at every call, or a Const that differs. */
  private mayRead(dataId: tf.DataId): boolean {
    return (
      this.backend.tensorMap.get(dataId).values !== null &&
      this.written.has(dataId) &&
      !this.sources.has(dataId)
    );
  }

  /** Remembers an error, so that the recording fails even if the function catches it. */
  private fail(error: UserError): UserError {
    this.failure ??= error;
    return error;
  }
}

/** How many tensors each list argument of an operation of ours has. */
function listLength(attributes: readonly OpAttribute[]): number {
  return (attributes.find(({ name }) => name === 'N')?.value as number | undefined) ?? 1;
}

function dataRead(): UserError {
  return new UserError(
    'data(), dataSync() or another read of a tensor inside a compiled function: its graph cannot depend on values. ' +
      'Return the tensor and read it outside, or choose with tf.where.',
  );
}

function unknownTensor(what: string): UserError {
  return new UserError(
    `${what} was made before the call of the compiled function that uses it, and would be frozen in its graph: ` +
      'pass it as an argument, keep it in a tf.variable, or make it inside.',
  );
}
