/**
 * Adafactor. Shazeer & Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, ICML 2018 (arXiv 1804.04235),
 * Algorithms 4 and 5; with the switches of facebookresearch/fairseq, fairseq/optim/adafactor.py, which Transformers has too.
 *
 *   β₂ₜ = 1 − t⁻ᶜ                                                        or constant
 *   rₜ = β₂ₜrₜ₋₁ + (1 − β₂ₜ) mean over columns of (gₜ∘gₜ + ε₁)            cₜ likewise over rows
 *   uₜ = gₜ/√Vₜ,   Vₜ = rₜ cₜᵀ / mean(rₜ)
 *   ûₜ = uₜ / max(1, RMS(uₜ)/d)
 *   αₜ = max(ε₂, RMS(Wₜ₋₁)) ρₜ,   ρₜ = min(10⁻², 1/√t)                   or αₜ = ρₜ, or ρₜ = η
 *   Wₜ = (1 − αₜλ)Wₜ₋₁ − αₜûₜ                                             without momentum, as in the paper
 *   mₜ = β₁mₜ₋₁ + (1 − β₁)αₜûₜ,   Wₜ = (1 − αₜλ)Wₜ₋₁ − mₜ                 with it, as in fairseq
 *
 * Variables of rank 0 and 1 keep vₜ whole in place of rₜ and cₜ; of higher ones the last two axes are factored, W, g, u, m
 * [..., n, m], r [..., n], c [..., m], as in fairseq. The momentum averages steps, not directions: what η was is in it.
 * fairseq writes αₜ back as the next step's η, which compounds where `scaleParameter` meets an η of one's own; not here.
 */
import * as tf from '@tensorflow/tfjs';
import {
  ADAFACTOR_DEFAULTS,
  type AdafactorOptions,
  adafactorStepSize,
  resolveAdafactorOptions,
} from './adafactor-options.ts';
import { meanOverAxis } from './blocked-mean.ts';
import { clipByRms, divideByFactoredRoot, rootMeanSquare } from './factored-moment.ts';
import type { GroupSettings } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { optionsFromConfig } from './options.ts';
import { movingAverage, release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

export interface AdafactorState {
  /** r [..., n] */
  readonly rowMoment: tf.Tensor;
  /** c [..., m] */
  readonly columnMoment: tf.Tensor;
}

export interface AdafactorVectorState {
  /** v */
  readonly secondMoment: tf.Tensor;
}

type Hyperparameters = Pick<AdafactorOptions, 'epsilon1' | 'clipThreshold'>;
type WithUpdate<S> = S & { readonly update: tf.Tensor };

/**
 * New moments of a gradient [..., n, m], and the update ûₜ. `rate` is 1 − β₂ₜ. Pure: disposes no argument; the caller owns what
 * is returned.
 */
export function adafactorStep(
  state: AdafactorState,
  gradient: tf.Tensor,
  rate: tf.Scalar | number,
  { epsilon1, clipThreshold }: Hyperparameters,
): WithUpdate<AdafactorState> {
  return tf.tidy(() => {
    const squared = tf.square(gradient);
    const rowMean = tf.add(meanOverAxis(squared, -1), epsilon1);
    const columnMean = tf.add(meanOverAxis(squared, -2), epsilon1);
    squared.dispose();
    const rowMoment = moveBy(state.rowMoment, rowMean, rate); // rₜ
    const columnMoment = moveBy(state.columnMoment, columnMean, rate); // cₜ
    const update = divideByFactoredRoot(gradient, rowMoment, columnMoment); // uₜ
    return { rowMoment, columnMoment, update: release(clipByRms(update, clipThreshold), update) };
  }) as unknown as WithUpdate<AdafactorState>;
}

/** The same for a gradient of any shape, un-factored. */
export function adafactorVectorStep(
  state: AdafactorVectorState,
  gradient: tf.Tensor,
  rate: tf.Scalar | number,
  { epsilon1, clipThreshold }: Hyperparameters,
): WithUpdate<AdafactorVectorState> {
  return tf.tidy(() => {
    const squared = tf.square(gradient);
    const regularized = release(tf.add(squared, epsilon1), squared); // g∘g + ε₁
    const secondMoment = release(moveBy(state.secondMoment, regularized, rate), regularized); // vₜ
    const inverseRoot = tf.rsqrt(secondMoment);
    const update = release(tf.mul(gradient, inverseRoot), inverseRoot); // uₜ
    return { secondMoment, update: release(clipByRms(update, clipThreshold), update) };
  }) as unknown as WithUpdate<AdafactorVectorState>;
}

/** x̄ + rate·(x − x̄), the caller's. */
function moveBy(average: tf.Tensor, value: tf.Tensor, rate: tf.Scalar | number): tf.Tensor {
  const difference = tf.sub(value, average);
  const step = release(tf.mul(difference, rate), difference);
  return release(tf.add(average, step), step);
}

/** State of a factored variable: `vr` r and `vc` c; of another one: `v`; and with β₁ > 0 `m`, of the variable's shape. */
export class Adafactor extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'Adafactor';
  }

  readonly options: AdafactorOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<AdafactorOptions> = {}) {
    const resolved = resolveAdafactorOptions(options);
    super('Adafactor', 'adafactor', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    const momentum = this.options.beta1 === 0 ? {} : { m: shape };
    if (shape.length < 2) return { ...momentum, v: shape };
    return { ...momentum, vr: shape.slice(0, -1), vc: [...shape.slice(0, -2), shape.at(-1) as number] };
  }

  /** ρₜ, λ, 1 − β₂ₜ. */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta2, decayExponent } = this.options;
    const rate = beta2 === null ? step ** -decayExponent : 1 - beta2;
    return [adafactorStepSize(step, learningRate, this.options), weightDecay, rate];
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    { weightDecay }: GroupSettings,
  ): void {
    const { beta1, epsilon2, scaleParameter } = this.options;
    const stepSize = scaleParameter
      ? tf.mul(tf.maximum(rootMeanSquare(variable), epsilon2), scalars.at(0))
      : scalars.at(0); // αₜ
    const keep = weightDecay === 0 ? undefined : tf.sub(1, tf.mul(stepSize, scalars.at(1)));
    const update = this.#updateMoments(slots, gradient, scalars.at(2)); // ûₜ
    const step = release(tf.mul(update, stepSize), update);
    if (slots.m === undefined) {
      takeStep(variable, step, keep as tf.Scalar | undefined);
      return;
    }
    const momentum = release(movingAverage(slots.m, step, beta1), step); // mₜ
    slots.m.assign(momentum);
    takeStep(variable, momentum, keep as tf.Scalar | undefined);
  }

  /** Writes the second moments; returns ûₜ, the caller's. */
  #updateMoments({ v, vr, vc }: Slots, gradient: tf.Tensor, rate: tf.Scalar): tf.Tensor {
    if (v !== undefined) {
      const next = adafactorVectorStep({ secondMoment: v }, gradient, rate, this.options);
      v.assign(next.secondMoment);
      return release(next.update, next.secondMoment);
    }
    const [row, column] = [vr, vc] as [tf.Variable, tf.Variable];
    const next = adafactorStep({ rowMoment: row, columnMoment: column }, gradient, rate, this.options);
    row.assign(next.rowMoment);
    column.assign(next.columnMoment);
    return release(next.update, next.rowMoment, next.columnMoment);
  }

  /** JSON knows no Infinity: a clip threshold that is off is saved as null. */
  override getConfig(): tf.serialization.ConfigDict {
    const { relativeStep, warmupInit, scaleParameter, beta1, beta2, decayExponent } = this.options;
    const { epsilon1, epsilon2, clipThreshold } = this.options;
    const switches = { relativeStep, warmupInit, scaleParameter };
    const clip = Number.isFinite(clipThreshold) ? clipThreshold : null;
    const numbers = { beta1, beta2, decayExponent, epsilon1, epsilon2, clipThreshold: clip };
    return { ...super.getConfig(), ...switches, ...numbers };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const options = optionsFromConfig(config, ADAFACTOR_DEFAULTS);
    if (options.clipThreshold === null) options.clipThreshold = Number.POSITIVE_INFINITY;
    return new cls(options);
  }
}
