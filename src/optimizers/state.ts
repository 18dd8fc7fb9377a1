import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { NamedTensor } from './named-tensor.ts';
import { matchSaved } from './restore.ts';

/** Shape of each tensor of state that a variable has, by the slot's short name ('m', 'v'). */
export type SlotShapes = Readonly<Record<string, readonly number[]>>;
/** The state of one variable: float32, not trainable. */
export type Slots = Readonly<Record<string, tf.Variable>>;

interface Entry {
  readonly shape: readonly number[];
  readonly slots: Slots;
}

/** State read from a checkpoint that no variable has claimed yet. */
interface Saved {
  readonly variable: string;
  readonly tensors: Record<string, tf.Tensor>;
}

/**
 * State of an optimizer, by the name of the variable it belongs to (TensorFlow.js keeps those unique) and never by position.
 * A slot is saved as `<variable>/<prefix>_<slot>`.
 */
export class OptimizerState {
  readonly #optimizer: string;
  readonly #prefix: string;
  readonly #entries = new Map<string, Entry>();
  #saved: Saved[] = [];

  constructor(optimizer: string, prefix: string) {
    this.#optimizer = optimizer;
    this.#prefix = prefix;
  }

  /**
   * Makes state, zero or as it was saved, for each of `updated` that has none. `present` are all variables of the call, also
   * those without a gradient. Throws a UserError, with nothing changed, if a shape is not what it was.
   */
  prepare(
    updated: readonly tf.Variable[],
    present: readonly tf.Variable[],
    slotShapes: (variable: tf.Variable) => SlotShapes,
  ): void {
    for (const { name, shape } of updated) {
      const known = this.#entries.get(name)?.shape ?? shape;
      if (!tf.util.arraysEqual([...known], shape)) {
        throw new UserError(
          `${this.#optimizer}: variable '${name}' has shape [${shape}], its state is for [${known}]`,
        );
      }
    }
    const fresh = updated.filter(({ name }) => !this.#entries.has(name));
    if (fresh.length === 0) return;
    const saved = this.#claim(fresh, present);
    const layouts = fresh.map((variable) => {
      const shapes = slotShapes(variable);
      const mine = saved.get(variable.name);
      if (mine !== undefined) this.#checkSaved(variable, shapes, mine);
      return { variable, shapes, mine };
    });
    for (const { variable, shapes, mine } of layouts) {
      const slots = Object.entries(shapes).map(([slot, shape]) => {
        const value = tf.tidy(() => mine?.tensors[slot]?.clone() ?? tf.zeros([...shape]));
        const made = tf.variable(value, false, freeName(this.#slotName(variable.name, slot)), 'float32');
        value.dispose();
        return [slot, made] as const;
      });
      this.#entries.set(variable.name, { shape: [...variable.shape], slots: Object.fromEntries(slots) });
    }
    const claimed = new Set(saved.values());
    tf.dispose([...claimed].map(({ tensors }) => tensors));
    this.#saved = this.#saved.filter((entry) => !claimed.has(entry));
  }

  slots(variable: tf.Variable): Slots {
    return (this.#entries.get(variable.name) as Entry).slots;
  }

  /** Slots in use by variable, in the order in which the variables were first seen. */
  *entries(): Iterable<readonly [string, Entry]> {
    yield* this.#entries;
  }

  /** Everything to be saved, as it is here: not copies, so that nothing is left over when nobody disposes them. */
  weights(): NamedTensor[] {
    const live = [...this.#entries].flatMap(([name, { slots }]) =>
      Object.entries(slots).map(([slot, tensor]) => ({ name: this.#slotName(name, slot), tensor })),
    );
    const waiting = this.#saved.flatMap(({ variable, tensors }) =>
      Object.entries(tensors).map(([slot, tensor]) => ({ name: this.#slotName(variable, slot), tensor })),
    );
    return [...live, ...waiting];
  }

  /** Replaces all state by copies of `weights`, which wait for their variables until `prepare`. */
  restore(weights: readonly NamedTensor[]): void {
    const saved = new Map<string, Saved>();
    const parsed = weights.map(({ name, tensor }) => {
      const mark = name.lastIndexOf(`/${this.#prefix}_`);
      if (mark < 0 || tensor.dtype !== 'float32') {
        throw new UserError(
          `'${name}' (${tensor.dtype}) is no state of ${this.#optimizer}; its names end in '/${this.#prefix}_…'`,
        );
      }
      return { variable: name.slice(0, mark), slot: name.slice(mark + this.#prefix.length + 2), tensor };
    });
    this.dispose();
    for (const { variable, slot, tensor } of parsed) {
      const entry: Saved = saved.get(variable) ?? { variable, tensors: {} };
      entry.tensors[slot] = tf.keep(tensor.clone());
      saved.set(variable, entry);
    }
    this.#saved = [...saved.values()];
  }

  dispose(): void {
    for (const { slots } of this.#entries.values()) tf.dispose(Object.values(slots));
    tf.dispose(this.#saved.map(({ tensors }) => tensors));
    this.#entries.clear();
    this.#saved = [];
  }

  #claim(fresh: readonly tf.Variable[], present: readonly tf.Variable[]): Map<string, Saved> {
    if (this.#saved.length === 0) return new Map();
    // State is saved only of variables that had gradients: try those, and all where the numbers do not agree.
    const candidates = fresh.length === this.#saved.length ? fresh : present;
    const names = candidates.map(({ name }) => name).filter((name) => !this.#entries.has(name));
    const saved = this.#saved.map(({ variable }) => variable);
    const mine = new Set(fresh.map(({ name }) => name));
    return new Map(
      [...matchSaved(this.#optimizer, names, saved)]
        .filter(([name]) => mine.has(name))
        .map(([name, index]) => [name, this.#saved[index] as Saved]),
    );
  }

  #checkSaved(variable: tf.Variable, shapes: SlotShapes, saved: Saved): void {
    const wanted = JSON.stringify(shapes);
    const found = JSON.stringify(
      Object.fromEntries(Object.keys(shapes).map((slot) => [slot, saved.tensors[slot]?.shape])),
    );
    if (wanted !== found || Object.keys(saved.tensors).length !== Object.keys(shapes).length) {
      const has = Object.entries(saved.tensors).map(([slot, { shape }]) => `${slot} [${shape}]`);
      const needs = Object.entries(shapes).map(([slot, shape]) => `${slot} [${shape}]`);
      throw new UserError(
        `${this.#optimizer}: variable '${variable.name}' [${variable.shape}] needs state ${needs.join(', ')}; ` +
          `what was saved for '${saved.variable}' is ${has.join(', ')}`,
      );
    }
  }

  #slotName(variable: string, slot: string): string {
    return `${variable}/${this.#prefix}_${slot}`;
  }
}

/** Two optimizers may serve one model, and TensorFlow.js wants its names unique. The name saved stays the plain one. */
function freeName(name: string): string {
  const taken = tf.engine().registeredVariables;
  let free = name;
  for (let n = 1; taken[free] !== undefined; n++) free = `${name}_${n}`;
  return free;
}
