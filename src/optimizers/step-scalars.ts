import * as tf from '@tensorflow/tfjs';

/**
 * The numbers that change from step to step (learning rate, bias corrections), one row of them for each group of variables.
 * They enter as one tensor, so that a captured step has one input and a native kernel one argument.
 */
export class StepScalars {
  /** Float32 [groups, k], in the optimizer's order: for a native kernel. */
  readonly rows: tf.Tensor;
  /** What every gradient is to be multiplied by first, []: 1 where nothing is clipped. */
  readonly #clip: tf.Scalar | undefined;
  #one: tf.Scalar | undefined;
  readonly #scalars = new Map<string, tf.Scalar>();

  /** Takes `rows` [groups, k] and `clip` [] over: `dispose` disposes them. */
  constructor(rows: tf.Tensor, clip: tf.Scalar | undefined) {
    this.rows = rows;
    this.#clip = clip;
  }

  group(index: number): GroupScalars {
    return { at: (position) => this.#at(index, position) };
  }

  /** The gradient as it is to be used: itself, or a new tensor of the current `tf.tidy`. */
  clipped(gradient: tf.Tensor): tf.Tensor {
    return this.#clip === undefined ? gradient : tf.mul(gradient, this.#clip);
  }

  /** The same for a native kernel, which multiplies by itself: []. */
  gradientScale(): tf.Scalar {
    if (this.#clip !== undefined) return this.#clip;
    this.#one ??= tf.keep(tf.scalar(1));
    return this.#one;
  }

  dispose(): void {
    const clip = [this.#clip, this.#one].filter((scalar) => scalar !== undefined);
    tf.dispose([this.rows, ...clip, ...this.#scalars.values()]);
  }

  #at(group: number, position: number): tf.Scalar {
    const key = `${group} ${position}`;
    let scalar = this.#scalars.get(key);
    if (scalar === undefined) {
      // Kept, because the first variable's tidy, in which it is made, must not take it from the others.
      scalar = tf.keep(tf.tidy(() => tf.reshape(tf.slice(this.rows, [group, position], [1, 1]), [])));
      this.#scalars.set(key, scalar as tf.Scalar);
    }
    return scalar as tf.Scalar;
  }
}

/** The scalars of one group, owned by the step: do not dispose them. */
export interface GroupScalars {
  /** The one at `position` in the optimizer's order. */
  at(position: number): tf.Scalar;
}
