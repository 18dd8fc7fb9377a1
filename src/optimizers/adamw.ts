/**
 * AdamW: Adam with decoupled weight decay. Loshchilov & Hutter, ICLR 2019 (arXiv 1711.05101), Algorithm 2.
 *
 *   mₜ = β₁mₜ₋₁ + (1 − β₁)gₜ
 *   vₜ = β₂vₜ₋₁ + (1 − β₂)gₜ²
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − η · (mₜ/(1 − β₁ᵗ)) / (√(vₜ/(1 − β₂ᵗ)) + ε)
 *
 * As in torch.optim.AdamW the decay is scaled by the learning rate and ε is added outside the root.
 */
import * as tf from '@tensorflow/tfjs';
import { adamwLoopsUpdate } from './adamw-loops.ts';
import { adamwNativeUpdate } from './adamw-native.ts';
import { adamwUpdate } from './adamw-update.ts';
import { adamwWebgpuUpdate } from './adamw-webgpu.ts';
import { decayAll } from './decay.ts';
import type { GroupSettings } from './groups.ts';
import { Optimizer, type VariableUpdate } from './optimizer.ts';
import {
  checkBetas,
  checkNumber,
  type OptimizerOptions,
  optionsFromConfig,
  resolveOptions,
} from './options.ts';
import { movingAverage, release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars, StepScalars } from './step-scalars.ts';

export interface AdamWOptions extends OptimizerOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Those of torch.optim.AdamW. */
export const ADAMW_DEFAULTS: AdamWOptions = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  decay: decayAll,
};

export interface AdamWState {
  readonly firstMoment: tf.Tensor;
  readonly secondMoment: tf.Tensor;
}

/** mₜ and vₜ, of the shape of the gradient; the caller owns both. Arguments are not disposed. */
export function adamwMoments(
  state: AdamWState,
  gradient: tf.Tensor,
  { beta1, beta2 }: Pick<AdamWOptions, 'beta1' | 'beta2'>,
): AdamWState {
  return tf.tidy(() => {
    const firstMoment = movingAverage(state.firstMoment, gradient, beta1); // mₜ
    const gradientSquared = tf.square(gradient);
    const difference = release(tf.sub(gradientSquared, state.secondMoment), gradientSquared);
    const change = release(tf.mul(difference, 1 - beta2), difference);
    const secondMoment = release(tf.add(state.secondMoment, change), change); // vₜ
    return { firstMoment, secondMoment };
  }) as unknown as AdamWState;
}

/**
 * mₜ / (√vₜ/√(1 − β₂ᵗ) + ε): the update but for the factor η/(1 − β₁ᵗ). The caller owns it; arguments are not disposed.
 * `secondCorrection` is √(1 − β₂ᵗ).
 */
export function adamwDirection(
  { firstMoment, secondMoment }: AdamWState,
  secondCorrection: tf.Scalar | number,
  epsilon: number,
): tf.Tensor {
  return tf.tidy(() => {
    const root = tf.sqrt(secondMoment);
    const corrected = release(tf.div(root, secondCorrection), root);
    const denominator = release(tf.add(corrected, epsilon), corrected);
    return release(tf.div(firstMoment, denominator), denominator);
  });
}

/**
 * The pure step number `step` (from 1): new state, and `update` = m̂/(√v̂ + ε), with which W ← W(1 − ηλ) − η·update.
 * The caller owns what is returned; arguments are not disposed.
 */
export function adamwStep(
  state: AdamWState,
  gradient: tf.Tensor,
  options: Pick<AdamWOptions, 'beta1' | 'beta2' | 'epsilon'> & { readonly step: number },
): AdamWState & { readonly update: tf.Tensor } {
  const { beta1, beta2, epsilon, step } = options;
  return tf.tidy(() => {
    const moments = adamwMoments(state, gradient, options);
    const direction = adamwDirection(moments, Math.sqrt(1 - beta2 ** step), epsilon);
    return { ...moments, update: tf.div(direction, 1 - beta1 ** step) };
  }) as unknown as AdamWState & { update: tf.Tensor };
}

/** State of a variable: `m` and `v`, both of its shape. */
export class AdamW extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'AdamW';
  }

  readonly options: AdamWOptions;

  constructor(options: Partial<AdamWOptions> = {}) {
    const resolved = resolveOptions<AdamWOptions>('AdamW', { ...ADAMW_DEFAULTS }, options);
    checkBetas('AdamW', resolved, 'beta1', 'beta2');
    checkNumber('AdamW', 'epsilon', resolved.epsilon, (value) => value > 0, 'greater than 0');
    super('AdamW', 'adamw', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    return { m: shape, v: shape };
  }

  /** η/(1 − β₁ᵗ), 1 − ηλ, √(1 − β₂ᵗ). */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta1, beta2 } = this.options;
    return [learningRate / (1 - beta1 ** step), 1 - learningRate * weightDecay, Math.sqrt(1 - beta2 ** step)];
  }

  protected override updateInPlace(
    updates: readonly VariableUpdate[],
    scalars: StepScalars,
  ): readonly VariableUpdate[] {
    const notNative = adamwNativeUpdate(updates, scalars, this.options);
    const left = adamwLoopsUpdate(notNative, scalars, this.options);
    return adamwWebgpuUpdate(left, scalars, this.options);
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    settings: GroupSettings,
  ): void {
    adamwUpdate(variable, slots, gradient, scalars, this.options, settings, { adamwMoments, adamwDirection });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { beta1, beta2, epsilon } = this.options;
    return { ...super.getConfig(), beta1, beta2, epsilon };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, ADAMW_DEFAULTS));
  }
}
