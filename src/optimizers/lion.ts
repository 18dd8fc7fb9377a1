/**
 * Lion (EvoLved Sign Momentum). Chen et al., Symbolic Discovery of Optimization Algorithms, NeurIPS 2023 (arXiv 2302.06675),
 * Algorithm 2. Authors' code: google/automl, lion/.
 *
 *   cₜ = β₁mₜ₋₁ + (1 − β₁)gₜ
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − η sign(cₜ)                sign(0) = 0
 *   mₜ = β₂mₜ₋₁ + (1 − β₂)gₜ
 *
 * Each weight moves by η or not at all, so that η is three to ten times smaller than AdamW's, and λ as much larger.
 */
import * as tf from '@tensorflow/tfjs';
import { decayAll } from './decay.ts';
import type { GroupSettings } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { checkBetas, type OptimizerOptions, optionsFromConfig, resolveOptions } from './options.ts';
import { movingAverage, release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

export interface LionOptions extends OptimizerOptions {
  /** β₁, of the average whose sign is taken. */
  readonly beta1: number;
  /** β₂, of the momentum. */
  readonly beta2: number;
}

/** Those of the authors' code. */
export const LION_DEFAULTS: LionOptions = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.99,
  weightDecay: 0,
  decay: decayAll,
};

export interface LionState {
  readonly momentum: tf.Tensor;
}

/**
 * One pure step: mₜ, and `update` = sign(cₜ) with which W ← W(1 − ηλ) − η·update; both of the gradient's shape. The caller owns
 * what is returned; arguments are not disposed.
 */
export function lionStep(
  { momentum }: LionState,
  gradient: tf.Tensor,
  { beta1, beta2 }: Pick<LionOptions, 'beta1' | 'beta2'>,
): LionState & { readonly update: tf.Tensor } {
  return tf.tidy(() => {
    const interpolated = movingAverage(momentum, gradient, beta1); // cₜ
    const update = release(signOf(interpolated), interpolated);
    return { momentum: movingAverage(momentum, gradient, beta2), update };
  }) as unknown as LionState & { update: tf.Tensor };
}

/** The smallest normal float32. */
const SMALLEST = 2 ** -126;

/**
 * −1, 0 or 1, and NaN for what is not finite. `tf.sign` is 0 below 1e-7 on wasm, where gradients of a trained model lie, and hides
 * NaN on js and wasm. The argument is not disposed.
 */
function signOf(x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const size = tf.abs(x);
    const divisor = release(tf.maximum(size, SMALLEST), size);
    return release(tf.div(x, divisor), divisor);
  });
}

/** State of a variable: `m`, of its shape. */
export class Lion extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'Lion';
  }

  readonly options: LionOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<LionOptions> = {}) {
    const resolved = resolveOptions<LionOptions>('Lion', { ...LION_DEFAULTS }, options);
    checkBetas('Lion', resolved, 'beta1', 'beta2');
    super('Lion', 'lion', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    return { m: shape };
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
    const { m } = slots as { m: tf.Variable };
    const { momentum, update } = lionStep({ momentum: m }, gradient, this.options);
    m.assign(momentum);
    momentum.dispose();
    const step = release(tf.mul(update, scalars.at(0)), update);
    takeStep(variable, step, weightDecay === 0 ? undefined : scalars.at(1));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { beta1, beta2 } = this.options;
    return { ...super.getConfig(), beta1, beta2 };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, LION_DEFAULTS));
  }
}
