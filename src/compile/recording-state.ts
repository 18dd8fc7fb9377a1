/** The recording in progress, for the few modules that take part in one. Imports nothing of ours, so that any may import it. */
import type * as tf from '@tensorflow/tfjs';

export interface Recording {
  /** What `compute` returns, called once in this call of the compiled function however often that is recorded. */
  hostValues(compute: () => Float32Array | Int32Array): Float32Array | Int32Array;

  /** Declares that `tensor` holds those values: at every replay `compute` is called again, and they are fed. */
  hostInput(tensor: tf.Tensor, compute: () => Float32Array | Int32Array): void;

  /**
   * Runs `copy`, which moves `variable` into memory of its own without changing its values. Not recorded while the variable
   * still is what it was when the call began, or that written in place: a replay does the same before it runs.
   */
  copyVariable(variable: tf.Variable, copy: () => void): void;
}

let current: Recording | undefined;

/** The compiled function being recorded just now, if any. */
export function currentRecording(): Recording | undefined {
  return current;
}

/** Runs `body` with `recording` as the current one; there is never more than one, since a compiled function inside runs inline. */
export function whileRecording<T>(recording: Recording, body: () => T): T {
  current = recording;
  try {
    return body();
  } finally {
    current = undefined;
  }
}
