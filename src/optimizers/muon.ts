/**
 * Muon: momentum, orthogonalized by Newton–Schulz iteration, for hidden matrices; AdamW for all else.
 * Keller Jordan, Yuchen Jin, Vlado Boza, Jiacheng You, Franz Cesista, Laker Newhouse, Jeremy Bernstein. Muon: An optimizer for
 * hidden layers in neural networks. 2024. kellerjordan.github.io/posts/muon. Code: KellerJordan/Muon@00ba60d muon.py.
 *
 *   mₜ = μmₜ₋₁ + (1 − μ)gₜ
 *   nₜ = μmₜ + (1 − μ)gₜ                                     Nesterov; without it nₜ = mₜ
 *   Wₜ = (1 − ηλ)Wₜ₋₁ − η·s·orthogonalized(nₜ)               see newton-schulz.ts
 *
 * A kernel here is [inputs, outputs], where PyTorch's is [outputs, inputs]: s = √max(1, outputs/inputs), or, to move weights as
 * much as AdamW does (Liu et al. 2025, arXiv 2502.16982), 0.2·√max(inputs, outputs). Axes before the last are inputs: a
 * convolution [H, W, I, O] is a matrix [H·W·I, O].
 *
 * AdamW has a learning rate of its own, given as a multiple of η so that one schedule moves both. Its rule is in adamw.ts.
 */
import * as tf from '@tensorflow/tfjs';
import { adamwDirection, adamwMoments } from './adamw.ts';
import { adamwUpdate } from './adamw-update.ts';
import type { GroupRule, GroupSettings } from './groups.ts';
import { MUON_DEFAULTS, type MuonGroup, type MuonOptions, resolveMuonOptions } from './muon-options.ts';
import { orthogonalize } from './newton-schulz.ts';
import { Optimizer } from './optimizer.ts';
import { optionsFromConfig } from './options.ts';
import { movingAverage, release } from './release.ts';
import type { SlotShapes, Slots } from './state.ts';
import type { GroupScalars } from './step-scalars.ts';
import { takeStep } from './take-step.ts';

/**
 * orthogonalized(nₜ), of the gradient's shape, which has rank 2 or more; `momentum` is mₜ. The caller owns it; arguments are not
 * disposed.
 */
export function muonUpdate(
  momentum: tf.Tensor,
  gradient: tf.Tensor,
  { momentum: mu, nesterov, iterations }: Pick<MuonOptions, 'momentum' | 'nesterov' | 'iterations'>,
): tf.Tensor {
  return tf.tidy(() => {
    const ahead = nesterov ? movingAverage(gradient, momentum, 1 - mu) : tf.clone(momentum); // nₜ = gₜ + μ(mₜ − gₜ)
    const matrix = release(tf.reshape(ahead, matrixShape(gradient.shape)), ahead) as tf.Tensor2D;
    const update = orthogonalize(matrix, iterations);
    return release(tf.reshape(update, gradient.shape), update);
  });
}

/** [inputs, outputs] */
function matrixShape(shape: readonly number[]): [number, number] {
  const outputs = shape.at(-1) as number;
  return [shape.slice(0, -1).reduce((product, length) => product * length, 1), outputs];
}

/** s */
function updateScale(shape: readonly number[], scale: MuonOptions['scale']): number {
  const [inputs, outputs] = matrixShape(shape);
  return scale === 'spectral'
    ? Math.sqrt(Math.max(1, outputs / inputs))
    : 0.2 * Math.sqrt(Math.max(inputs, outputs));
}

/** State of a variable that Muon takes: `m`, of its shape; of another: AdamW's `m` and `v`. */
export class Muon extends Optimizer {
  /** As tf.serialization knows it. */
  static get className(): string {
    return 'Muon';
  }

  readonly options: MuonOptions;

  /** Throws a UserError for an unknown option or one out of range. */
  constructor(options: Partial<MuonOptions> = {}) {
    const resolved = resolveMuonOptions(options);
    super('Muon', 'muon', resolved);
    this.options = resolved;
  }

  protected override slotShapes(shape: readonly number[], rule?: GroupRule): SlotShapes {
    const muon = (rule as MuonGroup | undefined)?.muon ?? true;
    return muon && shape.length >= 2 ? { m: shape } : { m: shape, v: shape };
  }

  /** Of Muon η and 1 − ηλ; of AdamW, with ηₐ = η·adamwRate, ηₐ/(1 − β₁ᵗ), 1 − ηₐλ and √(1 − β₂ᵗ). */
  protected override stepScalars(step: number, learningRate: number, weightDecay: number): number[] {
    const { beta1, beta2, adamwRate } = this.options;
    const rate = learningRate * adamwRate;
    const adamw = [rate / (1 - beta1 ** step), 1 - rate * weightDecay, Math.sqrt(1 - beta2 ** step)];
    return [learningRate, 1 - learningRate * weightDecay, ...adamw];
  }

  protected override updateVariable(
    variable: tf.Variable,
    slots: Slots,
    gradient: tf.Tensor,
    scalars: GroupScalars,
    settings: GroupSettings,
  ): void {
    if (slots.v !== undefined) {
      const ofAdamw = { at: (position: number) => scalars.at(2 + position) };
      adamwUpdate(variable, slots, gradient, ofAdamw, this.options, settings, {
        adamwMoments,
        adamwDirection,
      });
      return;
    }
    const { m } = slots as { m: tf.Variable };
    const momentum = movingAverage(m, gradient, this.options.momentum); // mₜ
    m.assign(momentum);
    momentum.dispose();
    const update = muonUpdate(m, gradient, this.options);
    const stepSize = tf.mul(scalars.at(0), updateScale(variable.shape, this.options.scale)); // ηs
    const step = release(tf.mul(update, stepSize), update);
    takeStep(variable, step, settings.weightDecay === 0 ? undefined : scalars.at(1));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { momentum, nesterov, iterations, scale, adamwRate, beta1, beta2, epsilon } = this.options;
    const own = { momentum, nesterov, iterations, scale, adamwRate, beta1, beta2, epsilon };
    return { groups: [], ...super.getConfig(), ...own };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(optionsFromConfig(config, MUON_DEFAULTS));
  }
}
