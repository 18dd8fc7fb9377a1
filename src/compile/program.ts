import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { ensurePrivate } from '../native/kernels.ts';
import { savedModel } from './graph-def.ts';
import { type LoweredGraph, lower } from './lower.ts';
import type { NodeBackend, SessionBinding, TensorMetadata, TypedArray } from './node-backend.ts';
import type { HostInput, RecordedGraph, Source } from './recorded-graph.ts';
import { mapLeaves } from './tensor-tree.ts';

/** A recorded call as one graph of TensorFlow, loaded and ready to run. */
export class Program {
  private readonly backend: NodeBackend;
  private readonly hosts: readonly HostInput[];
  private readonly template: unknown;
  private readonly graph: Omit<LoweredGraph, 'nodes'>;
  private readonly sources: readonly Source[];
  private readonly feedNames: string;
  private readonly fetchNames: string;
  private readonly session: number;

  constructor(backend: NodeBackend, recorded: RecordedGraph) {
    const { nodes, ...graph } = lower(recorded);
    this.backend = backend;
    this.hosts = recorded.hosts;
    this.template = recorded.template;
    this.graph = graph;
    this.sources = [...graph.feeds.values()];
    this.feedNames = [...graph.feeds.keys()].join();
    this.fetchNames = graph.fetches.join();
    this.session = load(backend.binding, savedModel(nodes));
  }

  /** False once a variable that the graph reads or assigns has been disposed. */
  isValid(): boolean {
    const read = this.sources.every((source) => source.kind !== 'variable' || !source.variable.isDisposed);
    return read && [...this.graph.assigned.keys()].every((variable) => !variable.isDisposed);
  }

  /**
   * Runs the graph on the tensor arguments, in their order, and does to variables what the recorded call did. Returns what that
   * returned, in tensors that the caller owns.
   */
  run(
    args: readonly tf.Tensor[],
    hostValues: readonly TypedArray[] = this.hosts.map(({ compute }) => compute()),
  ): unknown {
    const { backend, graph } = this;
    if (graph.fetches.length === 0) return this.deliver([]);
    for (const variable of graph.writtenVariables) ensurePrivate(variable);
    const temporary: number[] = [];
    try {
      const ids = this.sources.map((source) => {
        if (source.kind === 'host') {
          const { shape, dtype } = this.hosts[source.index] as HostInput;
          const values = hostValues[source.index] as TypedArray;
          return temporary[temporary.push(backend.binding.createTensor(shape, dtype, values)) - 1] as number;
        }
        const tensor = source.kind === 'variable' ? source.variable : (args[source.index] as tf.Tensor);
        return backend.getInputTensorIds([tensor])[0] as number;
      });
      const outputs = backend.binding.runSavedModel(this.session, ids, this.feedNames, this.fetchNames);
      if (graph.fetches.length > graph.values) temporary.push((outputs.at(-1) as TensorMetadata).id);
      return this.deliver(outputs);
    } finally {
      for (const id of temporary) backend.binding.deleteTensor(id);
    }
  }

  dispose(): void {
    this.backend.binding.deleteSavedModel(this.session);
  }

  private deliver(outputs: readonly TensorMetadata[]): unknown {
    const { results, assigned } = this.graph;
    const tensors = new Map<number, tf.Tensor>();
    const tensorOf = (index: number): tf.Tensor => {
      const tensor = tensors.get(index) ?? this.backend.createOutputTensor(outputs[index] as TensorMetadata);
      tensors.set(index, tensor);
      return tensor;
    };
    const returned = new Set<number>();
    const leaves = results.map((index) => {
      const tensor = tensorOf(index);
      if (returned.has(index)) return tensor.clone();
      returned.add(index);
      return tensor;
    });
    for (const [variable, index] of assigned) {
      variable.assign(tensorOf(index));
    }
    for (const [index, tensor] of tensors) if (!returned.has(index)) tensor.dispose();
    return mapLeaves(this.template, (leaf) => (typeof leaf === 'number' ? leaves[leaf] : leaf));
  }
}

/** TensorFlow loads graphs from a directory only. */
function load(binding: SessionBinding, model: Uint8Array): number {
  let directory: string | undefined;
  try {
    directory = mkdtempSync(join(tmpdir(), 'tfjs-methods-graph-'));
    writeFileSync(join(directory, 'saved_model.pb'), model);
  } catch (error) {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    const needed = (model.length / 2 ** 20).toFixed(1);
    throw new UserError(
      `no graph of ${needed} MB can be written to ${tmpdir()}: ${(error as Error).message}`,
      3,
    );
  }
  try {
    return binding.loadSavedModel(directory, 'serve');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
