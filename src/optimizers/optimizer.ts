/**
 * What all optimizers here share: the contract of `tf.Optimizer`, so that they serve `minimize`, `variableGrads` and
 * tfjs-layers' `model.compile`; state by variable; numbers that change per step as inputs of a captured step; decay by mask.
 */
import * as tf from '@tensorflow/tfjs';
import { hostTensor } from '../compile/index.ts';
import { UserError } from '../errors.ts';
import { decayMaskName } from './decay.ts';
import { clipScale, globalNorm } from './gradient-clipping.ts';
import { checkGradients, type GradientOf, refuseFloat16 } from './gradients.ts';
import { type GroupRule, type GroupSettings, groupOf, groupsToConfig } from './groups.ts';
import { type LearningRate, rateAfter, type Schedule } from './learning-rate.ts';
import type { NamedTensor } from './named-tensor.ts';
import type { OptimizerOptions } from './options.ts';
import { OptimizerState, type SlotShapes, type Slots } from './state.ts';
import { type GroupScalars, StepScalars } from './step-scalars.ts';

/** State of one variable. */
export interface StateSummary {
  readonly name: string;
  readonly shape: readonly number[];
  /** Shape of each slot by its short name. */
  readonly slots: SlotShapes;
  readonly bytes: number;
}

/** What one step has to do for one variable. */
export interface VariableUpdate {
  readonly variable: tf.Variable;
  readonly slots: Slots;
  readonly gradient: tf.Tensor;
  /** Its row in the step's scalars. */
  readonly group: number;
  readonly settings: GroupSettings;
}

export abstract class Optimizer extends tf.Optimizer {
  readonly #options: OptimizerOptions;
  readonly #state: OptimizerState;
  #learningRate: LearningRate;
  #rateAfter: Schedule;
  #savedIterations: tf.Scalar | undefined;

  /** `slotPrefix` marks this optimizer's state in a checkpoint: `<variable>/<prefix>_<slot>`. */
  protected constructor(name: string, slotPrefix: string, options: OptimizerOptions) {
    super();
    this.#options = options;
    this.#learningRate = options.learningRate;
    this.#rateAfter = rateAfter(options.learningRate);
    this.#state = new OptimizerState(name, slotPrefix);
  }

  /** The state that a variable of this shape, under this rule of the groups, needs. */
  protected abstract slotShapes(shape: readonly number[], rule?: GroupRule): SlotShapes;

  /**
   * The numbers that step `step` (counted from 1) of a variable with this η and λ needs, computed in float64; they reach
   * `updateVariable` as float32. Called for each step, also when a captured one is replayed.
   */
  protected abstract stepScalars(step: number, learningRate: number, weightDecay: number): readonly number[];

  /**
   * Does what it can for all variables at once, by a kernel that writes in place, and returns what is left for
   * `updateVariable`. It multiplies each gradient by `scalars.gradientScale()` and must not dispose it.
   */
  protected updateInPlace(
    updates: readonly VariableUpdate[],
    _scalars: StepScalars,
  ): readonly VariableUpdate[] {
    return updates;
  }

  /** Writes the variable and its slots; runs inside a `tf.tidy` of its own. Must not dispose `gradient`. */
  protected abstract updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    settings: GroupSettings,
  ): void;

  get learningRate(): LearningRate {
    return this.#learningRate;
  }

  set learningRate(learningRate: LearningRate) {
    this.#rateAfter = rateAfter(learningRate);
    this.#learningRate = learningRate;
  }

  setLearningRate(learningRate: LearningRate): void {
    this.learningRate = learningRate;
  }

  /** η of the next step. */
  currentLearningRate(): number {
    return this.#rateAfter(this.iterations);
  }

  /**
   * One step. A variable whose gradient is missing is left alone; gradients remain the caller's. Throws a UserError, before
   * anything is written, for repeated or unknown names, other types than float32 and changed shapes.
   */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const name = this.getClassName();
    refuseFloat16(name);
    const given = checkGradients(name, gradients);
    const present = given.filter(hasGradient);
    const settings = new Map(
      present.map(({ variable }) => [variable, groupOf(this.#options, variable.name, variable.shape)]),
    );
    this.#state.prepare(
      present.map(({ variable }) => variable),
      given.map(({ variable }) => variable),
      (variable) => this.slotShapes(variable.shape, settings.get(variable)?.rule),
    );
    const { globalClipNorm, clipValue } = this.#options;
    // The gradients that are made here live until the step is done; those that are given are the caller's.
    tf.tidy(() => {
      // A step without gradients counts, and needs a row to count with.
      const rows: GroupSettings[] = present.length === 0 ? [UNGROUPED] : [];
      const updates = present.map(({ variable, gradient }): VariableUpdate => {
        const own = settings.get(variable) as GroupSettings;
        return {
          variable,
          slots: this.#state.slots(variable),
          gradient: clipValue === undefined ? gradient : tf.clipByValue(gradient, -clipValue, clipValue),
          group: rowOf(rows, own),
          settings: own,
        };
      });
      const gradients = Object.fromEntries(
        updates.map(({ variable, gradient }) => [variable.name, gradient]),
      );
      const clip =
        globalClipNorm === undefined
          ? undefined
          : tf.tidy(() => clipScale(globalNorm(gradients), globalClipNorm));
      const scalars = new StepScalars(this.#hostScalars(rows), clip);
      try {
        for (const { variable, slots, gradient, group, settings } of this.updateInPlace(updates, scalars)) {
          tf.tidy(() =>
            this.updateVariable(variable, slots, scalars.clipped(gradient), scalars.group(group), settings),
          );
        }
      } finally {
        scalars.dispose();
      }
    });
  }

  /** [groups, k]; counts the step where it is computed, so that the replay of a captured step counts too. */
  #hostScalars(groups: readonly GroupSettings[]): tf.Tensor {
    const width = this.stepScalars(1, 0, 0).length;
    const compute = () => {
      const learningRate = this.currentLearningRate();
      this.incrementIterations();
      return Float32Array.from(
        groups.flatMap(({ learningRateScale, weightDecay }) =>
          this.stepScalars(this.iterations, learningRate * learningRateScale, weightDecay),
        ),
      );
    };
    return hostTensor(compute, [groups.length, width], 'float32');
  }

  /** Bytes of state held, without the variables themselves. */
  stateBytes(): number {
    return this.stateSummary().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes of state that variables of these names and shapes would have; nothing is made. */
  stateBytesFor(variables: readonly { readonly name: string; readonly shape: readonly number[] }[]): number {
    return variables
      .flatMap(({ name, shape }) =>
        Object.values(this.slotShapes(shape, groupOf(this.#options, name, shape).rule)),
      )
      .reduce((sum, slot) => sum + tf.util.sizeFromShape([...slot]) * Float32Array.BYTES_PER_ELEMENT, 0);
  }

  stateSummary(): StateSummary[] {
    return [...this.#state.entries()].map(([name, { shape, slots }]) => ({
      name,
      shape,
      slots: Object.fromEntries(Object.entries(slots).map(([slot, tensor]) => [slot, tensor.shape])),
      bytes: Object.values(slots).reduce((sum, { size }) => sum + size * Float32Array.BYTES_PER_ELEMENT, 0),
    }));
  }

  /** As in TensorFlow.js the tensor remains the optimizer's; it lives until the next call or `dispose`. */
  override async saveIterations(): Promise<NamedTensor> {
    this.#savedIterations?.dispose();
    this.#savedIterations = tf.keep(tf.scalar(this.iterations, 'int32'));
    return { name: 'iter', tensor: this.#savedIterations };
  }

  /**
   * `iter`, then the slots by variable in first-seen order. As with TensorFlow.js's own optimizers these are the live
   * variables, which `model.save` never disposes: read them, or clone them to keep, and do not dispose them.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    return [await this.saveIterations(), ...this.#state.weights()];
  }

  /**
   * Replaces the state by what `getWeights` gave, here or in another process. Each variable finds its own at the
   * next step: see `matchSaved`. Throws a UserError for weights of another optimizer.
   */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const [iterations, ...state] = weights;
    if (iterations?.name !== 'iter') {
      throw new UserError(
        `${this.getClassName()}: weights must begin with 'iter'; got '${iterations?.name}'`,
      );
    }
    const steps = iterations.tensor.data();
    this.#state.restore(state);
    this.iterations_ = (await steps)[0] as number;
  }

  /** Frees the state, and starts the count again: the optimizer is then as new. The model's variables are not touched. */
  override dispose(): void {
    this.#state.dispose();
    this.#savedIterations?.dispose();
    this.#savedIterations = undefined;
    this.iterations_ = 0;
  }

  /** The configuration of what all optimizers share. A function cannot be saved: what is lost is said on the console. */
  override getConfig(): tf.serialization.ConfigDict {
    const { weightDecay, decay } = this.#options;
    const learningRate = this.#learningRate;
    if (typeof learningRate === 'function') {
      console.warn(
        `${this.getClassName()}: a learning rate that is a function cannot be saved; its current value is`,
      );
    }
    const mask = decayMaskName(decay);
    if (mask === undefined) {
      console.warn(`${this.getClassName()}: a decay function of your own cannot be saved; the default is`);
    }
    const { groups = [], globalClipNorm, clipValue } = this.#options;
    return {
      learningRate: typeof learningRate === 'object' ? { ...learningRate } : this.currentLearningRate(),
      weightDecay,
      decay: mask ?? 'all',
      ...(groups.length > 0 && { groups: groupsToConfig(this.getClassName(), groups) as [] }),
      ...(globalClipNorm !== undefined && { globalClipNorm }),
      ...(clipValue !== undefined && { clipValue }),
    };
  }
}

const UNGROUPED: GroupSettings = { weightDecay: 0, learningRateScale: 1, rule: undefined };

/** The row of scalars for these settings, added where there is none yet. */
function rowOf(rows: GroupSettings[], { weightDecay, learningRateScale }: GroupSettings): number {
  const known = rows.findIndex(
    (row) => row.weightDecay === weightDecay && row.learningRateScale === learningRateScale,
  );
  return known >= 0 ? known : rows.push({ weightDecay, learningRateScale, rule: undefined }) - 1;
}

/** Nothing to do for a variable without elements. */
function hasGradient(given: GradientOf): given is GradientOf & { gradient: tf.Tensor } {
  return given.gradient !== undefined && given.variable.size > 0;
}
