/**
 * Stochastic gradient descent with momentum. Polyak 1964; Nesterov's form as in Sutskever et al., On the Importance of Initialization
 * and Momentum in Deep Learning, ICML 2013; decoupled decay (SGDW) Loshchilov & Hutter, ICLR 2019 (arXiv 1711.05101), Algorithm 1.
 *
 *   bₜ = μbₜ₋₁ + gₜ
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − ηbₜ                  nesterov: − η(gₜ + μbₜ)
 *
 * As in torch.optim.SGD η is not part of bₜ, so that a schedule acts at once; there λ is added to the gradient (L2), here not.
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { decayAll } from './decay.ts';
import type { GroupSettings } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { checkNumber, type OptimizerOptions, optionsFromConfig, resolveOptions } from './options.ts';
import { release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

export interface SgdMomentumOptions extends OptimizerOptions {
  /** μ; 0 is plain gradient descent, which has no state. */
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** Those of torch.optim.SGD, but for its momentum of 0: the usual 0.9. */
export const SGD_MOMENTUM_DEFAULTS: SgdMomentumOptions = {
  learningRate: 1e-3,
  momentum: 0.9,
  nesterov: false,
  weightDecay: 0,
  decay: decayAll,
};

export interface SgdMomentumState {
  /** b */
  readonly momentum: tf.Tensor;
}

/**
 * One pure step: bₜ, and `update` with which W ← W(1 − ηλ) − η·update; both of the gradient's shape. The caller owns what is
 * returned; arguments are not disposed.
 */
export function sgdMomentumStep(
  state: SgdMomentumState,
  gradient: tf.Tensor,
  options: Pick<SgdMomentumOptions, 'momentum' | 'nesterov'>,
): SgdMomentumState & { readonly update: tf.Tensor } {
  return tf.tidy(() => {
    const momentum = addScaled(gradient, state.momentum, options.momentum); // bₜ
    const update = options.nesterov ? addScaled(gradient, momentum, options.momentum) : tf.clone(momentum);
    return { momentum, update };
  }) as unknown as SgdMomentumState & { update: tf.Tensor };
}

/** x + factor·y, the caller's. */
function addScaled(x: tf.Tensor, y: tf.Tensor, factor: number): tf.Tensor {
  const scaled = tf.mul(y, factor);
  return release(tf.add(x, scaled), scaled);
}

/** State of a variable: `m` b, of its shape; none with momentum 0. `SGD` and `Momentum` are TensorFlow.js's own. */
export class SGDMomentum extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'SGDMomentum';
  }

  readonly options: SgdMomentumOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<SgdMomentumOptions> = {}) {
    const resolved = resolveOptions<SgdMomentumOptions>('SGDMomentum', { ...SGD_MOMENTUM_DEFAULTS }, options);
    const { momentum, nesterov } = resolved;
    checkNumber('SGDMomentum', 'momentum', momentum, (value) => value >= 0 && value < 1, 'in [0, 1)');
    if (typeof nesterov !== 'boolean' || (nesterov && momentum === 0)) {
      throw new UserError(
        `SGDMomentum: nesterov must be true or false, and true only with a momentum; got ${nesterov}`,
      );
    }
    super('SGDMomentum', 'sgd', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    return this.options.momentum === 0 ? {} : { m: shape };
  }

  /** η, 1 − ηλ. */
  protected override stepScalars(_step: number, learningRate: number, weightDecay: number): number[] {
    return [learningRate, 1 - learningRate * weightDecay];
  }

  protected override updateVariable(
    variable: tf.Variable,
    { m }: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    { weightDecay }: GroupSettings,
  ): void {
    const keep = weightDecay === 0 ? undefined : scalars.at(1);
    if (m === undefined) {
      takeStep(variable, tf.mul(gradient, scalars.at(0)), keep);
      return;
    }
    const { momentum, update } = sgdMomentumStep({ momentum: m }, gradient, this.options);
    m.assign(momentum);
    momentum.dispose();
    takeStep(variable, release(tf.mul(update, scalars.at(0)), update), keep);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { momentum, nesterov } = this.options;
    return { ...super.getConfig(), momentum, nesterov };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, SGD_MOMENTUM_DEFAULTS));
  }
}
