import * as tf from '@tensorflow/tfjs';

/** Other values in the place of variables' own, which are kept and come back bit for bit. */
export class SwappedWeights {
  #own: Map<tf.Variable, tf.Tensor> | undefined;

  /** Whether other values are there now. */
  get swapped(): boolean {
    return this.#own !== undefined;
  }

  /** Writes `other(variable)`, of its shape, to each; disposes what `other` returns. Variables that are disposed are left out. */
  swap(variables: Iterable<tf.Variable>, other: (variable: tf.Variable) => tf.Tensor): void {
    this.#own = new Map();
    for (const variable of variables) {
      if (variable.isDisposed) continue;
      const value = other(variable);
      this.#own.set(variable, tf.keep(tf.clone(variable))); // shares the data, which `assign` does not touch
      variable.assign(value);
      value.dispose();
    }
  }

  /** Writes the kept values back. */
  restore(): void {
    for (const [variable, own] of this.#own ?? []) {
      if (!variable.isDisposed) variable.assign(own);
    }
    this.forget();
  }

  /** Disposes the kept values and leaves the variables as they are. */
  forget(): void {
    tf.dispose([...(this.#own?.values() ?? [])]);
    this.#own = undefined;
  }
}
