/**
 * CAME: Confidence-guided Adaptive Memory Efficient Optimization.
 * Yang Luo, Xiaozhe Ren, Zangwei Zheng, Zhuo Jiang, Xin Jiang, Yang You. ACL 2023, pp. 4442–4453. arXiv 2307.02047, Algorithm 2.
 * Authors' code: yangluo7/CAME@b368dc0 came_pytorch/CAME.py.
 *
 *   rₜ = β₂rₜ₋₁ + (1 − β₂) mean over columns of (gₜ∘gₜ + ε₁)       cₜ likewise over rows
 *   uₜ = gₜ/√Vₜ,               Vₜ = rₜ cₜᵀ / mean(rₜ)
 *   ûₜ = uₜ / max(1, RMS(uₜ)/d)
 *   Mₜ = β₁Mₜ₋₁ + (1 − β₁)ûₜ
 *   Uₜ = (ûₜ − Mₜ)∘(ûₜ − Mₜ) + ε₂                                    the instability
 *   Rₜ = β₃Rₜ₋₁ + (1 − β₃) mean over columns of Uₜ                 Cₜ likewise over rows
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − ηMₜ/√Sₜ,   Sₜ = Rₜ Cₜᵀ / mean(Rₜ)            1/√Sₜ is the confidence
 *
 * Variables of rank 0 and 1 keep the second moment whole and have no confidence: Wₜ = (1 − ηλ)Wₜ₋₁ − ηMₜ.
 * Shapes: a variable is a batch of matrices, W, g, u, M, U [..., n, m]; r, R [..., n]; c, C [..., m]. The mean of r, and of R,
 * is one per matrix; the RMS is one over the whole variable. All state starts at zero and nothing is bias-corrected.
 */
import * as tf from '@tensorflow/tfjs';
import {
  clipByRms,
  divideByFactoredRoot,
  type GroupScalars,
  type GroupSettings,
  meanOverAxis,
  moveTowards,
  movingAverage,
  Optimizer,
  optionsFromConfig,
  release,
  type SlotShapes,
  type Slots,
  type StepScalars,
  type VariableUpdate,
} from '../../src/optimizers/index.ts';
import { cameLoopsUpdate } from './came-loops.ts';
import { cameNativeUpdate } from './came-native.ts';
import { cameUpdate } from './came-update.ts';
import { cameWebgpuUpdate } from './came-webgpu.ts';
import {
  CAME_DEFAULTS,
  type CameGroupRule,
  type CameOptions,
  deviates,
  resolveCameOptions,
  variableOptions,
} from './config.ts';
import { matrixShape } from './factorization.ts';

export interface CameState {
  /** M [..., n, m] */
  readonly momentum: tf.Tensor;
  /** r [..., n] */
  readonly rowMoment: tf.Tensor;
  /** c [..., m] */
  readonly columnMoment: tf.Tensor;
  /** R [..., n] */
  readonly rowInstability: tf.Tensor;
  /** C [..., m] */
  readonly columnInstability: tf.Tensor;
}

export interface CameVectorState {
  /** M */
  readonly momentum: tf.Tensor;
  /** v */
  readonly secondMoment: tf.Tensor;
}

/** New state, and the update Mₜ/√Sₜ with which Wₜ = (1 − ηλ)Wₜ₋₁ − η·update. */
export type CameStep = CameState & { readonly update: tf.Tensor };

export type CameHyperparameters = Pick<
  CameOptions,
  'beta1' | 'beta2' | 'beta3' | 'epsilon1' | 'epsilon2' | 'clipThreshold'
>;

/**
 * One factored step for `gradient` [..., n, m]. Pure: disposes no argument; the caller owns what is returned.
 * Beside it at most three tensors of the gradient's size are alive at any time.
 */
export function cameStep(
  state: CameState,
  gradient: tf.Tensor,
  { beta1, beta2, beta3, epsilon1, epsilon2, clipThreshold }: CameHyperparameters,
): CameStep {
  return tf.tidy(() => {
    const { rowMoment, columnMoment, clipped } = clippedUpdate(state, gradient, {
      beta2,
      epsilon1,
      clipThreshold,
    }); // rₜ, cₜ, ûₜ
    const momentum = movingAverage(state.momentum, clipped, beta1); // Mₜ

    const instability = release(tf.squaredDifference(clipped, momentum), clipped); // Uₜ, its ε₂ added to the means
    const rowInstability = movingAverage(
      state.rowInstability,
      tf.add(meanOverAxis(instability, -1), epsilon2),
      beta3,
    ); // Rₜ
    const columnInstability = movingAverage(
      state.columnInstability,
      tf.add(meanOverAxis(instability, -2), epsilon2),
      beta3,
    ); // Cₜ
    instability.dispose();

    const confident = divideByFactoredRoot(momentum, rowInstability, columnInstability); // Mₜ/√Sₜ
    return { momentum, rowMoment, columnMoment, rowInstability, columnInstability, update: confident };
  }) as unknown as CameStep;
}

/**
 * The same step with the confidence left out, for ablations: Wₜ = (1 − ηλ)Wₜ₋₁ − ηMₜ, and no R and C are kept. Pure.
 */
export function cameStepWithoutConfidence(
  state: Pick<CameState, 'momentum' | 'rowMoment' | 'columnMoment'>,
  gradient: tf.Tensor,
  hyperparameters: Pick<CameHyperparameters, 'beta1' | 'beta2' | 'epsilon1' | 'clipThreshold'>,
): Pick<CameState, 'momentum' | 'rowMoment' | 'columnMoment'> {
  return tf.tidy(() => {
    const { rowMoment, columnMoment, clipped } = clippedUpdate(state, gradient, hyperparameters);
    const difference = release(tf.sub(clipped, state.momentum), clipped);
    const momentum = moveTowards(state.momentum, difference, hyperparameters.beta1); // Mₜ
    return { momentum, rowMoment, columnMoment };
  }) as unknown as Pick<CameState, 'momentum' | 'rowMoment' | 'columnMoment'>;
}

/** rₜ, cₜ and ûₜ [..., n, m]; tensors of the current `tf.tidy`. */
function clippedUpdate(
  state: Pick<CameState, 'rowMoment' | 'columnMoment'>,
  gradient: tf.Tensor,
  { beta2, epsilon1, clipThreshold }: Pick<CameHyperparameters, 'beta2' | 'epsilon1' | 'clipThreshold'>,
): { rowMoment: tf.Tensor; columnMoment: tf.Tensor; clipped: tf.Tensor } {
  const gradientSquared = tf.square(gradient); // gₜ∘gₜ
  const rowMoment = movingAverage(
    state.rowMoment,
    tf.add(meanOverAxis(gradientSquared, -1), epsilon1),
    beta2,
  ); // rₜ
  const columnMoment = movingAverage(
    state.columnMoment,
    tf.add(meanOverAxis(gradientSquared, -2), epsilon1),
    beta2,
  ); // cₜ
  gradientSquared.dispose();
  const update = divideByFactoredRoot(gradient, rowMoment, columnMoment); // uₜ
  const clipped = release(clipByRms(update, clipThreshold), update); // ûₜ
  return { rowMoment, columnMoment, clipped };
}

/**
 * One un-factored step, for a gradient of any shape: Wₜ = (1 − ηλ)Wₜ₋₁ − ηMₜ, without confidence. Pure, like `cameStep`.
 * The authors' code before 2024-02-05 scaled the stored Mₜ by η too; here nothing is scaled in place.
 */
export function cameVectorStep(
  state: CameVectorState,
  gradient: tf.Tensor,
  { beta1, beta2, epsilon1, clipThreshold }: CameHyperparameters,
): CameVectorState {
  return tf.tidy(() => {
    const gradientSquared = tf.square(gradient);
    const regularized = release(tf.add(gradientSquared, epsilon1), gradientSquared); // g∘g + ε₁
    const change = release(tf.sub(regularized, state.secondMoment), regularized);
    const secondMoment = moveTowards(state.secondMoment, change, beta2); // vₜ
    const inverseRoot = tf.rsqrt(secondMoment);
    const update = release(tf.mul(gradient, inverseRoot), inverseRoot); // uₜ = gₜ/√vₜ
    const clipped = release(clipByRms(update, clipThreshold), update); // ûₜ
    const difference = release(tf.sub(clipped, state.momentum), clipped);
    const momentum = moveTowards(state.momentum, difference, beta1); // Mₜ
    return { momentum, secondMoment };
  }) as unknown as CameVectorState;
}

/**
 * The optimizer. State of a factored variable: `m` M, `vr` r, `vc` c, `rr` R, `rc` C, that is mn + 2(m + n) numbers for a
 * matrix; of another one: `m` M and `v`. Call `dispose()` when done: a model does not own its optimizer.
 */
export class CAME extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'CAME';
  }

  readonly options: CameOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<CameOptions> & Pick<CameOptions, 'learningRate'>) {
    const resolved = resolveCameOptions(options);
    super('CAME', 'came', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[], rule?: CameGroupRule): SlotShapes {
    const { factorization, confidence } = variableOptions(this.options, rule);
    const matrix = matrixShape(factorization, shape);
    if (matrix === undefined) {
      return this.options.confidenceForVectors ? { m: shape, v: shape, s: shape } : { m: shape, v: shape };
    }
    const row = matrix.slice(0, -1);
    const column = [...matrix.slice(0, -2), matrix.at(-1) as number];
    const moments = { m: shape, vr: row, vc: column };
    return confidence ? { ...moments, rr: row, rc: column } : moments;
  }

  /** η of what has confidence, 1 − ηλ, η of what has none; the two are the same without bias correction. */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta1, beta3, biasCorrection } = this.options;
    const decay = 1 - learningRate * weightDecay;
    if (biasCorrection === 'none') return [learningRate, decay, learningRate];
    const corrected = learningRate / (1 - beta1 ** step); // of M
    return [corrected * Math.sqrt(1 - beta3 ** step), decay, corrected]; // of √S
  }

  protected override updateInPlace(
    updates: readonly VariableUpdate[],
    scalars: StepScalars,
  ): readonly VariableUpdate[] {
    if (deviates(this.options)) return updates;
    const notNative = cameNativeUpdate(updates, scalars, this.options);
    const left = cameLoopsUpdate(notNative, scalars, this.options);
    return cameWebgpuUpdate(left, scalars, this.options);
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    settings: GroupSettings,
  ): void {
    const reference = { cameStep, cameStepWithoutConfidence, cameVectorStep };
    cameUpdate(variable, slots, gradient, scalars, this.options, settings, reference);
  }

  /** JSON knows no Infinity: a clip threshold that is off is saved as null. */
  override getConfig(): tf.serialization.ConfigDict {
    const { learningRate: _, weightDecay, decay, groups, globalClipNorm, clipValue, ...own } = this.options;
    const finite = (clip: number) => (Number.isFinite(clip) ? clip : null);
    const { clipThreshold, updateClip } = own;
    const clips = { clipThreshold: finite(clipThreshold), updateClip: finite(updateClip) };
    return { ...super.getConfig(), ...own, ...clips };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const options = optionsFromConfig(config, { learningRate: undefined, ...CAME_DEFAULTS });
    for (const clip of ['clipThreshold', 'updateClip']) {
      if (options[clip] === null) options[clip] = Number.POSITIVE_INFINITY;
    }
    return new cls(options);
  }
}
