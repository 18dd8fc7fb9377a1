/**
 * SM3-II: memory-efficient adaptive optimization by covers of the axes.
 * Rohan Anil, Vineet Gupta, Tomer Koren, Yoram Singer. NeurIPS 2019. arXiv 1901.11150, Algorithm SM3-II, with momentum.
 * Authors' code: google-research/google-research@c028e81 sm3/sm3.py.
 *
 *   νₜ(i, j, …) = min(a⁰ₜ₋₁(i), a¹ₜ₋₁(j), …) + gₜ²                 one accumulator aᵏ for each axis k
 *   aᵏₜ(i)      = max of νₜ over all axes but k
 *   uₜ = gₜ/√(νₜ + 1e-30)
 *   Mₜ = μMₜ₋₁ + (1 − μ)uₜ
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − ηMₜ
 *
 * Accumulators only grow, as in Adagrad, which this is for vectors and scalars. The weight decay is ours; the authors have none.
 */
import * as tf from '@tensorflow/tfjs';
import { decayAll } from './decay.ts';
import type { GroupSettings } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { checkNumber, type OptimizerOptions, optionsFromConfig, resolveOptions } from './options.ts';
import { movingAverage, release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

export interface Sm3Options extends OptimizerOptions {
  /** μ; 0 keeps no momentum and needs no memory for it. */
  readonly momentum: number;
}

/** The authors' code has no defaults: a usual η, to be used with a warm-up, and a usual μ. */
export const SM3_DEFAULTS: Sm3Options = {
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 0,
  decay: decayAll,
};

/** Keeps what never had a gradient from 0/0. */
const EPSILON = 1e-30;

export interface Sm3Step {
  /** aᵏₜ, [length of axis k] each; [] for a scalar. */
  readonly accumulators: readonly tf.Tensor[];
  /** uₜ, of the gradient's shape. */
  readonly update: tf.Tensor;
}

/** One step without momentum. Pure: disposes no argument; the caller owns what is returned. */
export function sm3Step(accumulators: readonly tf.Tensor[], gradient: tf.Tensor): Sm3Step {
  const { rank, shape } = gradient;
  const axes = shape.map((_, axis) => axis);
  return tf.tidy(() => {
    const cover = accumulators
      .map((a, axis) => tf.reshape(a, rank === 0 ? [] : axes.map((k) => (k === axis ? a.size : 1))))
      .reduce((least, a) => release(tf.minimum(least, a), least, a));
    const gradientSquared = tf.square(gradient);
    const second = release(tf.add(cover, gradientSquared), cover, gradientSquared); // νₜ
    const next =
      rank < 2
        ? [tf.clone(second)]
        : axes.map((axis) =>
            tf.max(
              second,
              axes.filter((k) => k !== axis),
            ),
          );
    const regularized = release(tf.add(second, EPSILON), second);
    const inverseRoot = release(tf.rsqrt(regularized), regularized);
    const update = release(tf.mul(gradient, inverseRoot), inverseRoot); // uₜ
    return { accumulators: next, update } as unknown as tf.TensorContainerObject;
  }) as unknown as Sm3Step;
}

/** State of a variable of shape [d₀, d₁, …]: `a0` [d₀], `a1` [d₁], …; and `m` M, of its shape, if μ > 0. */
export class SM3 extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'SM3';
  }

  readonly options: Sm3Options;

  constructor(options: Partial<Sm3Options> = {}) {
    const resolved = resolveOptions<Sm3Options>('SM3', { ...SM3_DEFAULTS }, options);
    checkNumber('SM3', 'momentum', resolved.momentum, (value) => value >= 0 && value < 1, 'in [0, 1)');
    super('SM3', 'sm3', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    const accumulators = shape.map((length, axis) => [`a${axis}`, [length]] as const);
    return {
      ...(this.options.momentum > 0 ? { m: shape } : {}),
      ...(shape.length === 0 ? { a0: [] } : Object.fromEntries(accumulators)),
    };
  }

  /** η, 1 − ηλ. */
  protected override stepScalars(_step: number, learningRate: number, weightDecay: number): number[] {
    return [learningRate, 1 - learningRate * weightDecay];
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    { weightDecay }: GroupSettings,
  ): void {
    const accumulators = Array.from(
      { length: Math.max(1, variable.rank) },
      (_, axis) => slots[`a${axis}`] as tf.Variable,
    );
    const next = sm3Step(accumulators, gradient);
    accumulators.forEach((accumulator, axis) => {
      accumulator.assign(next.accumulators[axis] as tf.Tensor);
    });
    tf.dispose([...next.accumulators]);
    let { update } = next;
    if (slots.m !== undefined) {
      update = release(movingAverage(slots.m, update, this.options.momentum), update); // Mₜ
      slots.m.assign(update);
    }
    const step = release(tf.mul(update, scalars.at(0)), update);
    takeStep(variable, step, weightDecay === 0 ? undefined : scalars.at(1));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), momentum: this.options.momentum };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, SM3_DEFAULTS));
  }
}
