import * as tf from '@tensorflow/tfjs';

/**
 * The numbers that change from step to step (learning rate, bias corrections), one row of them for each group of variables.
 * They enter as one tensor, so that a captured step has one input and a native kernel one argument.
 */
export class StepScalars {
  readonly #rows: tf.Tensor; // [groups, k]
  readonly #packed = new Map<number, tf.Tensor1D>();
  readonly #scalars = new Map<string, tf.Scalar>();

  /** Takes `rows` [groups, k] over: `dispose` disposes it. */
  constructor(rows: tf.Tensor) {
    this.#rows = rows;
  }

  group(index: number): GroupScalars {
    return { packed: () => this.#pack(index), at: (position) => this.#at(index, position) };
  }

  dispose(): void {
    tf.dispose([this.#rows, ...this.#packed.values(), ...this.#scalars.values()]);
  }

  #pack(group: number): tf.Tensor1D {
    let row = this.#packed.get(group);
    if (row === undefined) {
      // Kept, because the first variable's tidy, in which it is made, must not take it from the others.
      row = tf.keep(tf.tidy(() => tf.reshape(tf.slice(this.#rows, [group, 0], [1, -1]), [-1])));
      this.#packed.set(group, row as tf.Tensor1D);
    }
    return row as tf.Tensor1D;
  }

  #at(group: number, position: number): tf.Scalar {
    const key = `${group} ${position}`;
    let scalar = this.#scalars.get(key);
    if (scalar === undefined) {
      scalar = tf.keep(tf.tidy(() => tf.reshape(tf.slice(this.#rows, [group, position], [1, 1]), [])));
      this.#scalars.set(key, scalar as tf.Scalar);
    }
    return scalar as tf.Scalar;
  }
}

/** The scalars of one group, owned by the step: do not dispose them. */
export interface GroupScalars {
  /** All of them, float32 [k], in the optimizer's order: for a native kernel. */
  packed(): tf.Tensor1D;
  /** The one at `position`: for TensorFlow.js operations. */
  at(position: number): tf.Scalar;
}
