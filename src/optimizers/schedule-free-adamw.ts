/**
 * Schedule-Free AdamW: averaging of the iterates in place of a decaying learning rate.
 * Aaron Defazio, Xingyu Yang, Harsh Mehta, Konstantin Mishchenko, Ahmed Khaled, Ashok Cutkosky. The Road Less Scheduled.
 * NeurIPS 2024. arXiv 2405.15682, Algorithm 1. Authors' code: facebookresearch/schedule_free@0083572
 * schedulefree/adamw_schedulefree.py, which at this commit puts √(1 − β₂ᵗ) into ηₜ (and so into wₜ) and ε beside √vₜ; here both are
 * as in the paper.
 *
 *   vₜ = β₂vₜ₋₁ + (1 − β₂)gₜ²                                      gₜ is the gradient at yₜ₋₁
 *   Δₜ = gₜ/(√(vₜ/(1 − β₂ᵗ)) + ε) + λyₜ₋₁
 *   zₜ = zₜ₋₁ − ηₜΔₜ                                               ηₜ = η·min(1, t/warm-up)
 *   xₜ = (1 − cₜ)xₜ₋₁ + cₜzₜ                                       cₜ = wₜ/Σw,  wₜ = tʳ·(greatest η up to t)²
 *   yₜ = (1 − β₁)zₜ + β₁xₜ
 *
 * The variables hold y while training; x is what is to be evaluated. Beside y is kept d = z − y, which needs no initial value:
 *
 *   yₜ = yₜ₋₁ + cₜdₜ₋₁ + ηₜ(β₁(1 − cₜ) − 1)Δₜ
 *   dₜ = (1 − cₜ)(dₜ₋₁ − ηₜβ₁Δₜ)
 *   xₜ = yₜ − dₜ(1 − β₁)/β₁
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { AveragingWeights } from './averaging-weights.ts';
import type { GroupSettings } from './groups.ts';
import type { NamedTensor } from './named-tensor.ts';
import { Optimizer } from './optimizer.ts';
import { optionsFromConfig } from './options.ts';
import {
  resolveScheduleFreeOptions,
  SCHEDULE_FREE_ADAMW_DEFAULTS,
  type ScheduleFreeAdamWOptions,
} from './schedule-free-options.ts';
import { scheduleFreeEvaluation, scheduleFreeUpdate } from './schedule-free-update.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { SwappedWeights } from './swapped-weights.ts';

const NAME = 'ScheduleFreeAdamW';

/**
 * State of a variable: `d` = z − y and `v`, both of its shape. Call `toEvaluation()` before the model is evaluated or saved for
 * use, and `toTraining()` before the next step, which throws otherwise. Evaluation costs the memory of the variables once more.
 */
export class ScheduleFreeAdamW extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return NAME;
  }

  readonly options: ScheduleFreeAdamWOptions;
  #averaging = new AveragingWeights();
  #savedAveraging: tf.Tensor | undefined;
  /** Variables with their state. */
  readonly #trained = new Map<tf.Variable, Slots>();
  /** How many variables the restored state is for. */
  #restored = 0;
  /** Keeps y while the variables hold x. */
  readonly #weights = new SwappedWeights();

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<ScheduleFreeAdamWOptions> = {}) {
    const resolved = resolveScheduleFreeOptions(NAME, options);
    super(NAME, 'schedulefree', resolved);
    this.options = resolved;
  }

  /** Whether the variables hold x. */
  get evaluating(): boolean {
    return this.#weights.swapped;
  }

  /**
   * Puts x into the variables. Nothing happens when it is there. Throws a UserError where state was restored that no step has
   * claimed yet: which variable it belongs to is then not known.
   */
  toEvaluation(): void {
    if (this.evaluating) return;
    if (this.stateSummary().length < this.#restored) {
      throw new UserError(`${NAME}: state was restored; it can be evaluated after the next step`);
    }
    this.#weights.swap(this.#trained.keys(), (variable) =>
      scheduleFreeEvaluation(variable, this.#trained.get(variable) as Slots, this.options.beta1),
    );
  }

  /** Puts y back into the variables, bit for bit; what was written to them since `toEvaluation` is lost. */
  toTraining(): void {
    this.#weights.restore();
  }

  /** Called once for each step, of a captured one too, before anything is written. */
  protected override incrementIterations(): void {
    if (this.evaluating) {
      throw new UserError(
        `${NAME}: the variables hold the weights for evaluation; call toTraining() before a step`,
      );
    }
    const step = this.iterations + 1;
    const rate = this.currentLearningRate() * this.#warmup(step);
    this.#averaging.advance(rate, step ** this.options.averagingPower);
    super.incrementIterations();
  }

  protected override slotShapes(shape: readonly number[]): SlotShapes {
    return { d: shape, v: shape };
  }

  /** c, η(1 − β₁(1 − c)), 1 − c, (1 − c)ηβ₁, √(1 − β₂ᵗ), λ. */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta1, beta2 } = this.options;
    const rate = learningRate * this.#warmup(step);
    const c = this.#averaging.coefficient;
    const stepSizes = [rate * (1 - beta1 * (1 - c)), 1 - c, (1 - c) * rate * beta1];
    return [c, ...stepSizes, Math.sqrt(1 - beta2 ** step), weightDecay];
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    { weightDecay }: GroupSettings,
  ): void {
    this.#trained.set(variable, slots);
    scheduleFreeUpdate(variable, slots, gradient, scalars, { ...this.options, weightDecay });
  }

  /** As in every optimizer here, with the weights of the average after the count. Only while training: y is to be saved. */
  override async getWeights(): Promise<NamedTensor[]> {
    if (this.evaluating) {
      throw new UserError(
        `${NAME}: call toTraining() before the optimizer is saved; or save the model without it`,
      );
    }
    const [iterations, ...state] = await super.getWeights();
    this.#savedAveraging?.dispose();
    this.#savedAveraging = tf.keep(this.#averaging.toTensor());
    return [
      iterations as NamedTensor,
      { name: AveragingWeights.NAME, tensor: this.#savedAveraging },
      ...state,
    ];
  }

  /** Also ends evaluation; the variables are to be restored as well. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const averaging = await AveragingWeights.find(NAME, weights);
    const others = weights.filter(({ name }) => name !== AveragingWeights.NAME);
    await super.setWeights(others);
    this.#averaging = averaging;
    this.#restored = others.filter(({ name }) => name.endsWith('/schedulefree_d')).length;
    this.#trained.clear();
    this.#weights.forget();
  }

  /** While evaluating it leaves x in the variables. */
  override dispose(): void {
    super.dispose();
    this.#savedAveraging?.dispose();
    this.#savedAveraging = undefined;
    this.#averaging = new AveragingWeights();
    this.#restored = 0;
    this.#trained.clear();
    this.#weights.forget();
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { beta1, beta2, epsilon, warmupSteps, averagingPower } = this.options;
    return { ...super.getConfig(), beta1, beta2, epsilon, warmupSteps, averagingPower };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, SCHEDULE_FREE_ADAMW_DEFAULTS));
  }

  #warmup(step: number): number {
    return Math.min(1, step / Math.max(1, this.options.warmupSteps));
  }
}
