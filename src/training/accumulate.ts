import * as tf from '@tensorflow/tfjs';

/**
 * Sums the gradients of several micro batches, so that a batch which does not fit into memory can be had in parts: the mean of the
 * gradients of equal parts is the gradient of the whole, for a loss that is a mean. Costs one float32 per element of the variables.
 *
 * `add`, `mean` and `reset` may run within `compile`, in one function or in several.
 */
export class GradientAccumulator {
  readonly #sums: ReadonlyMap<string, tf.Variable>;
  /** Variables that had a gradient: an optimizer must not take a missing gradient for zero. */
  readonly #present = new Set<string>();

  /** Reserves a sum, zero at first, for each of the variables. */
  constructor(variables: readonly tf.Variable[]) {
    this.#sums = new Map(
      variables.map(({ name, shape }) => [name, tf.tidy(() => tf.variable(tf.zeros(shape), false))]),
    );
  }

  /**
   * Adds the gradients of one micro batch. They remain the caller's.
   * @throws RangeError for a gradient whose name is none of the variables'
   */
  add(gradients: tf.NamedTensorMap): void {
    for (const [name, gradient] of Object.entries(gradients)) {
      const sum = this.#sums.get(name);
      if (sum === undefined) throw new RangeError(`No sum is kept for the gradient of '${name}'.`);
      this.#present.add(name);
      assign(sum, () => tf.add(sum, gradient));
    }
  }

  /** The sums divided by `count`, of the variables that had a gradient. The caller owns them. */
  mean(count: number): tf.NamedTensorMap {
    return Object.fromEntries(
      [...this.#present].map((name) => [name, tf.div(this.#sums.get(name) as tf.Variable, count)]),
    );
  }

  /** Sets the sums to zero. */
  reset(): void {
    for (const sum of this.#sums.values()) assign(sum, () => tf.zerosLike(sum));
  }

  dispose(): void {
    for (const sum of this.#sums.values()) sum.dispose();
  }
}

function assign(variable: tf.Variable, value: () => tf.Tensor): void {
  tf.tidy(() => variable.assign(value()));
}
