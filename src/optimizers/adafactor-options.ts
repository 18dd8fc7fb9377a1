import { UserError } from '../errors.ts';
import { decayAll } from './decay.ts';
import { checkBetas, checkNumber, type OptimizerOptions, resolveOptions } from './options.ts';

export interface AdafactorOptions extends OptimizerOptions {
  /**
   * With `relativeStep` the cap of ρₜ, as in torch.optim.Adafactor; without it the step size itself. A schedule and a group's
   * `learningRateScale` act on either.
   */
  readonly learningRate: OptimizerOptions['learningRate'];
  /** ρₜ falls as 1/√t, as in the paper; false: ρₜ = η, whatever the step. */
  readonly relativeStep: boolean;
  /** ρₜ rises from 0 over the first 10⁴ steps: fairseq's `warmup_init`. Only with `relativeStep`. */
  readonly warmupInit: boolean;
  /** αₜ = max(ε₂, RMS(W))·ρₜ, as in the paper; false: αₜ = ρₜ. */
  readonly scaleParameter: boolean;
  /** β₁ of the momentum; 0, as in the paper: none, and no state for it. */
  readonly beta1: number;
  /** A constant β₂; null: β₂ₜ = 1 − t⁻ᶜ, as in the paper. */
  readonly beta2: number | null;
  /** c. */
  readonly decayExponent: number;
  /** ε₁, added to g∘g before the means. */
  readonly epsilon1: number;
  /** ε₂, the least RMS(W) that the step size is scaled by. */
  readonly epsilon2: number;
  /** d: an update whose RMS is larger is scaled down to it; Infinity switches that off. */
  readonly clipThreshold: number;
}

/** Those of the paper's Algorithms 4 and 5 and its section 8. */
export const ADAFACTOR_DEFAULTS: AdafactorOptions = {
  learningRate: 1e-2,
  relativeStep: true,
  warmupInit: false,
  scaleParameter: true,
  beta1: 0,
  beta2: null,
  decayExponent: 0.8,
  epsilon1: 1e-30,
  epsilon2: 1e-3,
  clipThreshold: 1,
  weightDecay: 0,
  decay: decayAll,
};

/** The defaults with the given options over them. Throws a UserError for what is unknown, out of range or without effect. */
export function resolveAdafactorOptions(given: object): AdafactorOptions {
  const name = 'Adafactor';
  const options = resolveOptions<AdafactorOptions>(name, { ...ADAFACTOR_DEFAULTS }, given);
  for (const option of ['relativeStep', 'warmupInit', 'scaleParameter'] as const) {
    if (typeof options[option] !== 'boolean') {
      throw new UserError(`${name}: ${option} must be true or false; got ${options[option]}`);
    }
  }
  if (options.warmupInit && !options.relativeStep) {
    throw new UserError(
      `${name}: warmupInit is part of relativeStep; without that, give a schedule as learningRate`,
    );
  }
  checkBetas(name, options, 'beta1');
  if (options.beta2 !== null) checkBetas(name, options, 'beta2');
  for (const option of ['decayExponent', 'epsilon1', 'epsilon2'] as const) {
    checkNumber(name, option, options[option], (value) => value > 0, 'greater than 0');
  }
  if (options.clipThreshold !== Number.POSITIVE_INFINITY) {
    checkNumber(
      name,
      'clipThreshold',
      options.clipThreshold,
      (value) => value > 0,
      'greater than 0, or Infinity',
    );
  }
  return options;
}

/** ρₜ of step t (from 1). At η = 1e-2, its default, min(1e-2, 1/√t), with `warmupInit` min(1e-6·t, 1/√t). */
export function adafactorStepSize(
  step: number,
  learningRate: number,
  { relativeStep, warmupInit }: Pick<AdafactorOptions, 'relativeStep' | 'warmupInit'>,
): number {
  if (!relativeStep) return learningRate;
  const cap = warmupInit ? learningRate * 1e-4 * step : learningRate;
  return Math.min(cap, 1 / Math.sqrt(step));
}
