/**
 * Adam-mini: AdamW with one second moment for each block of weights.
 * Yushun Zhang, Congliang Chen, Ziniu Li, Tian Ding, Chenwei Wu, Diederik P. Kingma, Yinyu Ye, Zhi-Quan Luo, Ruoyu Sun.
 * Adam-mini: Use Fewer Learning Rates To Gain More. ICLR 2025. arXiv 2406.16793, Algorithm 1.
 * Authors' code: zyushun/Adam-mini@11ee305 adam_mini/adam_mini.py.
 *
 *   mₜ = β₁mₜ₋₁ + (1 − β₁)gₜ
 *   vₜ = β₂vₜ₋₁ + (1 − β₂) mean over the block of gₜ²                one number for each block
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − η · (mₜ/(1 − β₁ᵗ)) / (√(vₜ/(1 − β₂ᵗ)) + ε)
 *
 * The blocks are those of the paper (blocks.ts): an output unit of a matrix, a token of an embedding, a head of queries and keys,
 * a whole vector. The authors' code at this commit keeps the full vₜ for embedding and output, and one number for the
 * matrices that are neither query nor key.
 */
import * as tf from '@tensorflow/tfjs';
import {
  ADAM_MINI_DEFAULTS,
  type AdamMiniGroup,
  type AdamMiniOptions,
  resolveAdamMiniOptions,
} from './adam-mini-options.ts';
import { type Blocks, blockShape, blocksOf, divideBlocks, meanOfBlocks } from './blocks.ts';
import type { GroupRule, GroupSettings } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { optionsFromConfig } from './options.ts';
import { movingAverage, release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

export interface AdamMiniState {
  /** mₜ, of the gradient's shape. */
  readonly firstMoment: tf.Tensor;
  /** vₜ, of blockShape. */
  readonly secondMoment: tf.Tensor;
}

/** mₜ and vₜ. Pure: the caller owns both; arguments are not disposed. */
export function adamMiniMoments(
  state: AdamMiniState,
  gradient: tf.Tensor,
  blocks: Blocks,
  { beta1, beta2 }: Pick<AdamMiniOptions, 'beta1' | 'beta2'>,
): AdamMiniState {
  return tf.tidy(() => {
    const firstMoment = movingAverage(state.firstMoment, gradient, beta1); // mₜ
    const gradientSquared = tf.square(gradient);
    const mean = release(meanOfBlocks(gradientSquared, blocks), gradientSquared);
    return { firstMoment, secondMoment: movingAverage(state.secondMoment, mean, beta2) }; // vₜ
  }) as unknown as AdamMiniState;
}

/**
 * mₜ / (√vₜ/√(1 − β₂ᵗ) + ε): the update but for the factor η/(1 − β₁ᵗ). The caller owns it; arguments are not disposed.
 * `secondCorrection` is √(1 − β₂ᵗ).
 */
export function adamMiniDirection(
  { firstMoment, secondMoment }: AdamMiniState,
  blocks: Blocks,
  secondCorrection: tf.Scalar | number,
  epsilon: number,
): tf.Tensor {
  return tf.tidy(() => {
    const denominators = tf.add(tf.div(tf.sqrt(secondMoment), secondCorrection), epsilon); // of blockShape
    return divideBlocks(firstMoment, denominators, blocks);
  });
}

/** State of a variable: `m`, of its shape, and `v`, one number for each block. */
export class AdamMini extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'AdamMini';
  }

  readonly options: AdamMiniOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<AdamMiniOptions> = {}) {
    const resolved = resolveAdamMiniOptions(options);
    super('AdamMini', 'adammini', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[], rule?: GroupRule): SlotShapes {
    return { m: shape, v: blockShape(this.#blocks(shape, rule)) };
  }

  /** η/(1 − β₁ᵗ), 1 − ηλ, √(1 − β₂ᵗ). */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta1, beta2 } = this.options;
    return [learningRate / (1 - beta1 ** step), 1 - learningRate * weightDecay, Math.sqrt(1 - beta2 ** step)];
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    { rule, weightDecay }: GroupSettings,
  ): void {
    const { m, v } = slots as { m: tf.Variable; v: tf.Variable };
    const blocks = this.#blocks(variable.shape, rule);
    const moments = adamMiniMoments({ firstMoment: m, secondMoment: v }, gradient, blocks, this.options);
    m.assign(moments.firstMoment);
    v.assign(moments.secondMoment);
    tf.dispose([moments.firstMoment, moments.secondMoment]);
    const direction = adamMiniDirection(
      { firstMoment: m, secondMoment: v },
      blocks,
      scalars.at(2),
      this.options.epsilon,
    );
    const step = release(tf.mul(direction, scalars.at(0)), direction);
    takeStep(variable, step, weightDecay === 0 ? undefined : scalars.at(1));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { beta1, beta2, epsilon, partition } = this.options;
    const saved = partition as tf.serialization.ConfigDictValue;
    return { groups: [], ...super.getConfig(), beta1, beta2, epsilon, partition: saved };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, ADAM_MINI_DEFAULTS));
  }

  #blocks(shape: readonly number[], rule: AdamMiniGroup | undefined): Blocks {
    return blocksOf(rule?.partition ?? this.options.partition, shape);
  }
}
