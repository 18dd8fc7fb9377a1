/**
 * LAMB: layer-wise adaptive moments. You et al., Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, ICLR 2020
 * (arXiv 1904.00962), Algorithm 2, with the bias correction of its final version. NVIDIA/apex, apex/optimizers/fused_lamb.py, agrees.
 *
 *   mₜ = β₁mₜ₋₁ + (1 − β₁)gₜ
 *   vₜ = β₂vₜ₋₁ + (1 − β₂)gₜ²
 *   qₜ = (mₜ/(1 − β₁ᵗ)) / (√(vₜ/(1 − β₂ᵗ)) + ε) + λWₜ₋₁
 *   Wₜ = Wₜ₋₁ − η (‖Wₜ₋₁‖/‖qₜ‖) qₜ            the trust ratio, 1 where either norm is 0; norms over the whole variable
 *
 * The decay is inside the trust ratio, so that 1 − ηλ is not what a weight shrinks by. apex clips the norm of all gradients first
 * (`globalClipNorm: 1`) and has no trust ratio where nothing decays (`trustRatio: 'decayed'`).
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { adamwDirection, adamwMoments } from './adamw.ts';
import { decayAll } from './decay.ts';
import { rootMeanSquare } from './factored-moment.ts';
import type { GroupSettings } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import {
  checkBetas,
  checkNumber,
  type OptimizerOptions,
  optionsFromConfig,
  resolveOptions,
} from './options.ts';
import { release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

export interface LambOptions extends OptimizerOptions {
  readonly beta1: number;
  readonly beta2: number;
  /** ε, added outside the root. */
  readonly epsilon: number;
  /** False: m and v as they are, as in the paper's first version. */
  readonly biasCorrection: boolean;
  /** Which variables have a trust ratio: all, or those with a decay, λ > 0 and not taken out by `decay` or `groups`. */
  readonly trustRatio: 'all' | 'decayed';
}

/** Those of the paper's BERT runs, with apex's η. The paper leaves biases and LayerNorm without decay: `noDecayOnVectors`. */
export const LAMB_DEFAULTS: LambOptions = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-6,
  weightDecay: 0.01,
  decay: decayAll,
  biasCorrection: true,
  trustRatio: 'all',
};

/** ‖W‖/‖q‖ [], 1 where either is 0. The caller owns it; arguments are not disposed. */
export function lambTrustRatio(weights: tf.Tensor, update: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    // Of two tensors of one size the root mean squares have the ratio of the norms.
    const [weightSize, updateSize] = [rootMeanSquare(weights), rootMeanSquare(update)];
    const both = tf.logicalAnd(tf.greater(weightSize, 0), tf.greater(updateSize, 0));
    return tf.where(both, tf.div(weightSize, updateSize), 1) as tf.Scalar;
  });
}

/** State of a variable: `m` and `v`, both of its shape. */
export class LAMB extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'LAMB';
  }

  readonly options: LambOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<LambOptions> = {}) {
    const resolved = resolveOptions<LambOptions>('LAMB', { ...LAMB_DEFAULTS }, options);
    checkBetas('LAMB', resolved, 'beta1', 'beta2');
    checkNumber('LAMB', 'epsilon', resolved.epsilon, (value) => value > 0, 'greater than 0');
    const { biasCorrection, trustRatio } = resolved;
    if (typeof biasCorrection !== 'boolean') {
      throw new UserError(`LAMB: biasCorrection must be true or false; got ${biasCorrection}`);
    }
    if (trustRatio !== 'all' && trustRatio !== 'decayed') {
      throw new UserError(`LAMB: trustRatio must be one of all, decayed; got ${trustRatio}`);
    }
    super('LAMB', 'lamb', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    return { m: shape, v: shape };
  }

  /** η, λ, 1/(1 − β₁ᵗ), √(1 − β₂ᵗ). */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta1, beta2, biasCorrection } = this.options;
    const corrections = biasCorrection ? [1 / (1 - beta1 ** step), Math.sqrt(1 - beta2 ** step)] : [1, 1];
    return [learningRate, weightDecay, ...corrections];
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    { weightDecay }: GroupSettings,
  ): void {
    const { m, v } = slots as { m: tf.Variable; v: tf.Variable };
    const moments = adamwMoments({ firstMoment: m, secondMoment: v }, gradient, this.options);
    m.assign(moments.firstMoment);
    v.assign(moments.secondMoment);
    tf.dispose([moments.firstMoment, moments.secondMoment]);

    const state = { firstMoment: m, secondMoment: v };
    const direction = adamwDirection(state, scalars.at(3), this.options.epsilon);
    const adam = release(tf.mul(direction, scalars.at(2)), direction);
    const update = weightDecay === 0 ? adam : plusDecay(adam, variable, scalars.at(1)); // qₜ
    const trusted = this.options.trustRatio === 'all' || weightDecay > 0;
    const rate = trusted ? tf.mul(scalars.at(0), lambTrustRatio(variable, update)) : scalars.at(0);
    takeStep(variable, release(tf.mul(update, rate), update));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { beta1, beta2, epsilon, biasCorrection, trustRatio } = this.options;
    return { ...super.getConfig(), beta1, beta2, epsilon, biasCorrection, trustRatio };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, LAMB_DEFAULTS));
  }
}

/** update + λW; disposes `update`, which the caller made for this. */
function plusDecay(update: tf.Tensor, weights: tf.Tensor, decay: tf.Scalar): tf.Tensor {
  const decayed = tf.mul(weights, decay);
  return release(tf.add(update, decayed), update, decayed);
}
