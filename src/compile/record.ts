import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { copyOf } from '../native/ownership.ts';
import type { NodeBackend } from './node-backend.ts';
import type { RecordedGraph, Value } from './recorded-graph.ts';
import { Recorder } from './recorder.ts';
import { whileRecording } from './recording-state.ts';
import { kindOf, mapLeaves } from './tensor-tree.ts';

export interface RecordedCall {
  /** What the call returned, in tensors that the caller owns. */
  readonly result: unknown;
  readonly graph: RecordedGraph;
  /** The call made or disposed variables, so that the next one need not do the same. */
  readonly variablesChanged: boolean;
}

/** Calls `fn` for real, with every effect that it has, and writes down the graph of what it did. Intermediate tensors are tidied. */
export function record(
  backend: NodeBackend,
  fn: (...parameters: never[]) => unknown,
  args: unknown[],
): RecordedCall {
  const variables = new Set(registeredVariables());
  let graph: RecordedGraph | undefined;
  const result = tf.tidy(() => {
    const recorder = new Recorder(backend);
    const ownArguments = mapLeaves(args, inputCopier(recorder)) as never[];
    for (const variable of variables) {
      giveOwnData(backend, variable);
      recorder.input(variable, { kind: 'variable', variable });
    }
    const before = new Map([...variables].map((variable) => [variable, variable.dataId]));
    return recorder.observe(() => {
      const returned = whileRecording(recorder, () => fn(...ownArguments));
      const results: Value[] = [];
      const template = mapLeaves(returned, (leaf) => {
        if (leaf === undefined || leaf === null) return leaf;
        if (leaf instanceof tf.Tensor) return results.push(recorder.valueOf(leaf)) - 1;
        throw new UserError(
          `A compiled function must return a tensor, or lists and records of tensors, not ${kindOf(leaf)}.`,
        );
      });
      const assigned = new Map<tf.Variable, Value>();
      for (const [variable, dataId] of before) {
        const value = variable.isDisposed ? undefined : recorder.assignedValue(variable, dataId);
        if (value !== undefined) assigned.set(variable, value);
      }
      graph = { nodes: recorder.nodes, hosts: recorder.hosts, template, results, assigned };
      return mapLeaves(returned, (leaf) =>
        leaf instanceof tf.Tensor ? leaf.clone() : leaf,
      ) as tf.TensorContainer;
    });
  });
  const after = registeredVariables();
  const variablesChanged =
    after.length !== variables.size || after.some((variable) => !variables.has(variable));
  return { result, graph: graph as RecordedGraph, variablesChanged };
}

function registeredVariables(): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables);
}

/**
 * Replaces each tensor argument by a copy that is declared an input. In memory of its own, so that it cannot be mistaken for
 * another argument or a variable that shares its data, and so that it may become a variable's value.
 */
function inputCopier(recorder: Recorder): (leaf: unknown) => unknown {
  let index = 0;
  return (leaf) => {
    if (!(leaf instanceof tf.Tensor) || leaf instanceof tf.Variable) return leaf;
    const copy = copyOf(leaf);
    recorder.input(copy, { kind: 'argument', index: index++ });
    return copy;
  };
}

/** Ends the sharing of a variable's data with clones or with the tensor it was made from: they would be taken for the variable. */
function giveOwnData(backend: NodeBackend, variable: tf.Variable): void {
  if (backend.refCount(variable.dataId) > 1) tf.tidy(() => variable.assign(copyOf(variable)));
}
