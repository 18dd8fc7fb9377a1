import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { firstDifference } from './compare-graphs.ts';
import { registerGather } from './gather-kernel.ts';
import { type NodeBackend, nodeBackend, type TypedArray } from './node-backend.ts';
import { Program } from './program.ts';
import { record } from './record.ts';
import type { RecordedGraph } from './recorded-graph.ts';
import { currentRecording } from './recording-state.ts';
import { describe } from './tensor-tree.ts';

export interface CompileOptions {
  /** How many graphs to keep, one for each structure, shapes and dtypes of the arguments. The least recently used one goes. */
  readonly cacheSize?: number;
  /** For messages; default the function's own. */
  readonly name?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant, so that only `any` admits every function
type AnyFunction = (...parameters: any[]) => unknown;

export type Compiled<F extends AnyFunction> = F & {
  /** Frees the graphs. A later call records anew. */
  dispose(): void;
};

/** Calls of one signature. */
interface Entry {
  program?: Program;
  /** What the program was made from, until a second recording has confirmed it. */
  unconfirmed?: RecordedGraph;
  recordings: number;
}

/** Enough for a function that makes an optimizer's state, and for some other warming up. */
const MAX_RECORDINGS = 5;

/**
 * Makes a function of tensors run as one TensorFlow graph on the `tensorflow` backend; on every other backend it is `fn` itself.
 *
 * The first two calls with arguments of the same shapes record `fn` before the graph runs, the later ones run the graph alone.
 * All results come from the graph, so that they do not depend on which call it is, to the last bit. tf.Variables that `fn` reads
 * are inputs and those that it assigns outputs, by themselves. Arguments are tensors, also in lists and records; numbers,
 * booleans, strings and tf.Variables among them select a graph. The result is null, a tensor, or lists and records of tensors,
 * which the caller owns. Tensors that `fn` leaves behind are disposed.
 *
 * `fn` runs while it is recorded, two or three times in all, and what it does besides tensor operations happens then and only
 * then. A value that JavaScript computes is frozen into the graph: wrap what changes in `hostScalar` or `hostTensor`, which are
 * computed once at every call. Randomness must come in the same way, as a seed or as numbers.
 *
 * @throws UserError where the recordings differ (a changing constant: an error at the second call), where `fn` reads a tensor's
 *   values (`dataSync`), uses a tensor made before the call that is neither argument nor variable, or returns something else
 *   than tensors, and where it is called while a gradient is being recorded: compile the function that takes the gradient.
 */
export function compile<F extends AnyFunction>(fn: F, options: CompileOptions = {}): Compiled<F> {
  const { cacheSize = 8, name = fn.name || 'anonymous' } = options;
  if (!Number.isInteger(cacheSize) || cacheSize < 1) {
    throw new UserError(`compile(${name}): cacheSize must be a whole number from 1 on, not ${cacheSize}.`);
  }
  if (nodeBackend() === undefined) return Object.assign(fn, { dispose() {} });
  registerGather();
  const entries = new Map<string, Entry>();
  const drop = (key: string) => {
    entries.get(key)?.program?.dispose();
    entries.delete(key);
  };

  const call = (...args: unknown[]): unknown => {
    const backend = nodeBackend();
    if (backend === undefined || currentRecording() !== undefined) return fn(...args);
    if (tf.engine().isTapeOn()) {
      throw new UserError(
        `compile(${name}) was called inside tf.grad or minimize, and a compiled function has no gradient: ` +
          'compile the function that takes the gradient, and call the plain one inside.',
      );
    }
    const tensors: tf.Tensor[] = [];
    const key = describe(args, tensors);
    const entry = entries.get(key) ?? { recordings: 0 };
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) if (entries.size > cacheSize) drop(oldest);
    const { program, unconfirmed } = entry;
    if (program?.isValid() && unconfirmed === undefined) return program.run(tensors);
    try {
      const hostValues: TypedArray[] = [];
      return prepare(entry, backend, fn, args, hostValues).run(tensors, hostValues);
    } catch (error) {
      drop(key);
      throw error instanceof UserError
        ? new UserError(`compile(${name}): ${error.message}`, error.exitCode)
        : error;
    }
  };
  return Object.assign(call as F, {
    dispose: () => {
      for (const key of [...entries.keys()]) drop(key);
    },
  });
}

/** Records `fn`, and returns the program of a first recording, or of one that differs from the last, or the confirmed one. */
function prepare(
  entry: Entry,
  backend: NodeBackend,
  fn: AnyFunction,
  args: unknown[],
  hostValues: TypedArray[],
): Program {
  let difference = 'every call makes or disposes variables';
  while (entry.recordings < MAX_RECORDINGS) {
    entry.recordings++;
    const graph = record(backend, fn, args, hostValues);
    if (graph === undefined) continue;
    const { program, unconfirmed } = entry;
    const found = unconfirmed && firstDifference(unconfirmed, graph);
    if (found?.kind === 'constant') {
      throw new UserError(
        `${found.text}. It would be frozen in the graph: pass it as an argument, keep it in a tf.variable, ` +
          'or wrap it in hostScalar or hostTensor.',
      );
    }
    if (program?.isValid() && unconfirmed !== undefined && found === undefined) {
      delete entry.unconfirmed;
      entry.recordings = 0;
      return program;
    }
    difference = found?.text ?? difference;
    if (entry.recordings === MAX_RECORDINGS) break;
    program?.dispose();
    delete entry.program;
    entry.unconfirmed = graph;
    entry.program = new Program(backend, graph);
    return entry.program;
  }
  throw new UserError(
    `no two of ${MAX_RECORDINGS} recordings are the same. The last difference: ${difference}.`,
  );
}
