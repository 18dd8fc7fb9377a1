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
  readonly slots: Record<string, tf.Variable>;
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
      const slots = mine?.slots ?? this.#zeros(variable.name, shapes);
      this.#entries.set(variable.name, { shape: [...variable.shape], slots });
    }
    const claimed = new Set(saved.values());
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
    const waiting = this.#saved.map(({ variable, slots }) => [variable, slots] as const);
    const live = [...this.#entries].map(([variable, { slots }]) => [variable, slots] as const);
    return [...live, ...waiting].flatMap(([variable, slots]) =>
      Object.entries(slots).map(([slot, tensor]) => ({ name: this.#slotName(variable, slot), tensor })),
    );
  }

  /**
   * Replaces all state by `weights`, which wait for their variables until `prepare`. They become variables at once, so that a
   * captured step, which knows no other tensors from outside, may be the first to use them. The tensors given stay the caller's.
   */
  restore(weights: readonly NamedTensor[]): void {
    const parsed = weights.map(({ name, tensor }) => {
      const mark = name.lastIndexOf(`/${this.#prefix}_`);
      if (mark < 0 || tensor.dtype !== 'float32') {
        throw new UserError(
          `'${name}' (${tensor.dtype}) is no state of ${this.#optimizer}; its names end in '/${this.#prefix}_…'`,
        );
      }
      return {
        variable: name.slice(0, mark),
        slot: name.slice(mark + this.#prefix.length + 2),
        name,
        tensor,
      };
    });
    const twice = parsed.find(
      ({ name }, index) => parsed.findIndex((other) => other.name === name) !== index,
    );
    if (twice !== undefined) throw new UserError(`${this.#optimizer}: state '${twice.name}' is given twice`);
    const saved = new Map<string, Saved>();
    for (const { variable, slot, name, tensor } of parsed) {
      const entry: Saved = saved.get(variable) ?? { variable, slots: {} };
      entry.slots[slot] = tf.variable(tensor, false, freeName(name));
      saved.set(variable, entry);
    }
    // Only now, since the weights given may be the ones held.
    this.dispose();
    this.#saved = [...saved.values()];
  }

  dispose(): void {
    for (const { slots } of [...this.#entries.values(), ...this.#saved]) tf.dispose(Object.values(slots));
    this.#entries.clear();
    this.#saved = [];
  }

  #zeros(variable: string, shapes: SlotShapes): Slots {
    const slots = Object.entries(shapes).map(([slot, shape]) => {
      const zeros = tf.zeros([...shape]);
      const made = tf.variable(zeros, false, freeName(this.#slotName(variable, slot)), 'float32');
      zeros.dispose();
      return [slot, made] as const;
    });
    return Object.fromEntries(slots);
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
      Object.fromEntries(Object.keys(shapes).map((slot) => [slot, saved.slots[slot]?.shape])),
    );
    if (wanted !== found || Object.keys(saved.slots).length !== Object.keys(shapes).length) {
      const has = Object.entries(saved.slots).map(([slot, { shape }]) => `${slot} [${shape}]`);
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
