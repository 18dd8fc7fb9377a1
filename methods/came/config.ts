import { UserError } from '../../src/errors.ts';
import {
  checkBetas,
  checkNumber,
  decayAll,
  type OptimizerOptions,
  resolveOptions,
} from '../../src/optimizers/index.ts';
import { FACTORIZATIONS, type Factorization } from './factorization.ts';

export interface CameOptions extends OptimizerOptions {
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
};

/** The defaults with the given options over them. Throws a UserError for what is unknown or out of range. */
export function resolveCameOptions(given: object): CameOptions {
  const options = resolveOptions<CameOptions>('CAME', { learningRate: undefined, ...CAME_DEFAULTS }, given);
  checkBetas('CAME', options, 'beta1', 'beta2', 'beta3');
  for (const epsilon of ['epsilon1', 'epsilon2'] as const) {
    checkNumber('CAME', epsilon, options[epsilon], (value) => value > 0, 'greater than 0');
  }
  if (options.clipThreshold !== Number.POSITIVE_INFINITY) {
    checkNumber(
      'CAME',
      'clipThreshold',
      options.clipThreshold,
      (value) => value > 0,
      'greater than 0, or Infinity',
    );
  }
  oneOf('factorization', options.factorization, FACTORIZATIONS);
  oneOf('nonFinite', options.nonFinite, ['propagate', 'skip']);
  return options;
}

function oneOf(option: string, value: unknown, known: readonly string[]): void {
  if (!known.includes(value as string)) {
    throw new UserError(`CAME: ${option} must be one of ${known.join(', ')}; got ${value}`);
  }
}
