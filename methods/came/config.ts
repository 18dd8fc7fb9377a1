import { UserError } from '../../src/errors.ts';
import {
  checkBetas,
  checkNumber,
  decayAll,
  type GroupRule,
  type OptimizerOptions,
  resolveOptions,
} from '../../src/optimizers/index.ts';
import { FACTORIZATIONS, type Factorization } from './factorization.ts';

/** A group may also be factored in its own way, and do without confidence. */
export interface CameGroupRule extends GroupRule {
  readonly factorization?: Factorization;
  readonly confidence?: boolean;
}

export interface CameOptions extends OptimizerOptions {
  readonly groups?: readonly CameGroupRule[];
  /** β₁, momentum. */
  readonly beta1: number;
  /** β₂, second moment. */
  readonly beta2: number;
  /** β₃, instability. */
  readonly beta3: number;
  /** ε₁, added to g∘g before the means. */
  readonly epsilon1: number;
  /** ε₂, added to the instability (û − M)∘(û − M) before the means. */
  readonly epsilon2: number;
  /** d: an update whose RMS is larger is scaled down to it; Infinity switches that off. */
  readonly clipThreshold: number;
  /** Which two axes carry the factored moments: see factorization.ts. */
  readonly factorization: Factorization;
  /** What a gradient with a NaN, an infinity or an overflowing square does: spread, or leave variable and state alone. */
  readonly nonFinite: 'propagate' | 'skip';
  /** False leaves the confidence out: Wₜ = (1 − ηλ)Wₜ₋₁ − ηMₜ for matrices too. For ablations. */
  readonly confidence: boolean;

  // Not in the paper, and off by default: deviations.ts.
  /** full: M is divided by 1 − β₁ᵗ and S by 1 − β₃ᵗ when the update is formed; the first step is then 1.1 η and not 11 η. */
  readonly biasCorrection: 'none' | 'full';
  /** The RMS that the update M/√S is scaled down to if it is larger; Infinity switches that off. */
  readonly updateClip: number;
  /** Confidence also for un-factored variables, from a full-size average of the instability. */
  readonly confidenceForVectors: boolean;
  /** Only what has the gradient's sign is applied, scaled up for what is left out (Liang et al. 2024, arXiv 2411.16085). */
  readonly cautious: boolean;
}

/**
 * Those of the authors' code. It has none for the learning rate (its README trains with 2e-4): with these β the first step
 * is 11 η, and for thousands of steps larger than AdamW's, so that AdamW's η is never the right one.
 */
export const CAME_DEFAULTS: Omit<CameOptions, 'learningRate'> = {
  beta1: 0.9,
  beta2: 0.999,
  beta3: 0.9999,
  epsilon1: 1e-30,
  epsilon2: 1e-16,
  clipThreshold: 1,
  weightDecay: 0,
  decay: decayAll,
  factorization: 'last2',
  nonFinite: 'propagate',
  confidence: true,
  biasCorrection: 'none',
  updateClip: Number.POSITIVE_INFINITY,
  confidenceForVectors: false,
  cautious: false,
};

/** The defaults with the given options over them. Throws a UserError for what is unknown or out of range. */
export function resolveCameOptions(given: object): CameOptions {
  const options = resolveOptions<CameOptions>('CAME', { learningRate: undefined, ...CAME_DEFAULTS }, given, [
    'factorization',
    'confidence',
  ]);
  checkBetas('CAME', options, 'beta1', 'beta2', 'beta3');
  for (const epsilon of ['epsilon1', 'epsilon2'] as const) {
    checkNumber('CAME', epsilon, options[epsilon], (value) => value > 0, 'greater than 0');
  }
  for (const clip of ['clipThreshold', 'updateClip'] as const) {
    if (options[clip] === Number.POSITIVE_INFINITY) continue;
    checkNumber('CAME', clip, options[clip], (value) => value > 0, 'greater than 0, or Infinity');
  }
  oneOf('factorization', options.factorization, FACTORIZATIONS);
  oneOf('nonFinite', options.nonFinite, ['propagate', 'skip']);
  oneOf('biasCorrection', options.biasCorrection, ['none', 'full']);
  for (const flag of ['confidence', 'confidenceForVectors', 'cautious'] as const) {
    oneOf(flag, options[flag], [true, false]);
  }
  for (const [index, rule] of (options.groups ?? []).entries()) {
    oneOf(`groups[${index}].factorization`, rule.factorization, [undefined, ...FACTORIZATIONS]);
    oneOf(`groups[${index}].confidence`, rule.confidence, [undefined, true, false]);
  }
  return options;
}

/** How one variable is updated: the options, with what its rule says over them. */
export type CameVariableOptions = Pick<CameOptions, 'factorization' | 'confidence'>;

export function variableOptions(options: CameOptions, rule: CameGroupRule | undefined): CameVariableOptions {
  return {
    factorization: rule?.factorization ?? options.factorization,
    confidence: rule?.confidence ?? options.confidence,
  };
}

/** Whether the update is more than the paper's, and so not the native kernels'. */
export function deviates({ updateClip, confidenceForVectors, cautious }: CameOptions): boolean {
  return updateClip !== Number.POSITIVE_INFINITY || confidenceForVectors || cautious;
}

function oneOf(option: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value)) {
    const words = known.filter((each) => each !== undefined);
    throw new UserError(`CAME: ${option} must be one of ${words.join(', ')}; got ${value}`);
  }
}
