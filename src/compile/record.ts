import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { copyOf } from '../native/ownership.ts';
import type { NodeBackend, TypedArray } from './node-backend.ts';
import { override } from './override.ts';
import type { RecordedGraph, Value } from './recorded-graph.ts';
import { Recorder } from './recorder.ts';
import { whileRecording } from './recording-state.ts';
import { kindOf, mapLeaves } from './tensor-tree.ts';

/** Variables, and the values to give back to them. */
type Snapshot = Map<tf.Variable, tf.Tensor>;

/**
 * Calls `fn` and writes down the graph of what it did. Afterwards its tensors are disposed and variables hold what they held
 * before, those that it made what they were made of: the effects are left to the graph.
 *
 * @param computed host values of this call of the compiled function: see Recorder
 * @returns undefined if `fn` made or disposed variables: the next call need not do the same, and is to be recorded instead
 */
export function record(
  backend: NodeBackend,
  fn: (...parameters: never[]) => unknown,
  args: unknown[],
  computed: TypedArray[],
): RecordedGraph | undefined {
  const variables = registeredVariables();
  const snapshot: Snapshot = new Map();
  let graph: RecordedGraph | undefined;
  try {
    tf.tidy(() => {
      const recorder = new Recorder(backend, computed);
      for (const variable of variables) {
        giveOwnData(backend, variable);
        recorder.input(variable, { kind: 'variable', variable });
        snapshot.set(variable, tf.keep(variable.clone()));
      }
      const copies = mapLeaves(args, inputCopier(recorder)) as never[];
      const body = () => graphOf(recorder, snapshot, fn(...copies));
      graph = recorder.observe(() => whileRecording(recorder, () => watchNewVariables(snapshot, body)));
    });
  } finally {
    for (const [variable, value] of snapshot) {
      if (!variable.isDisposed && variable.dataId !== value.dataId) variable.assign(value);
      value.dispose();
    }
  }
  const after = registeredVariables();
  const same = after.length === variables.length && after.every((variable) => variables.includes(variable));
  return same ? graph : undefined;
}

/** The graph once `fn` has returned. */
function graphOf(recorder: Recorder, before: Snapshot, returned: unknown): RecordedGraph {
  const results: Value[] = [];
  const template = mapLeaves(returned, (leaf) => {
    if (leaf === undefined || leaf === null) return leaf;
    if (leaf instanceof tf.Tensor) return results.push(recorder.valueOf(leaf)) - 1;
    throw new UserError(
      `A compiled function must return a tensor, or lists and records of tensors, not ${kindOf(leaf)}.`,
    );
  });
  const assigned = new Map<tf.Variable, Value>();
  for (const [variable, { dataId }] of before) {
    const value = variable.isDisposed ? undefined : recorder.assignedValue(variable, dataId);
    if (value !== undefined) assigned.set(variable, value);
  }
  return { nodes: recorder.nodes, hosts: recorder.hosts, template, results, assigned };
}

function registeredVariables(): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables);
}

/** Ends the sharing of a variable's data with clones or with the tensor it was made from: they would be taken for the variable. */
function giveOwnData(backend: NodeBackend, variable: tf.Variable): void {
  if (backend.refCount(variable.dataId) > 1) tf.tidy(() => variable.assign(copyOf(variable)));
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

/** Runs `body`, and remembers the first values of the variables that it makes. */
function watchNewVariables<T>(snapshot: Snapshot, body: () => T): T {
  const engine = tf.engine();
  const { makeVariable } = engine;
  const restore = override(engine, {
    makeVariable: (...parameters: Parameters<typeof makeVariable>) => {
      const variable = makeVariable.apply(engine, parameters);
      snapshot.set(variable, tf.keep(variable.clone()));
      return variable;
    },
  });
  try {
    return body();
  } finally {
    restore();
  }
}
