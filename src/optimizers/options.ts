import { UserError } from '../errors.ts';
import { type DecayMask, decayMaskNamed } from './decay.ts';
import { type LearningRate, learningRateAt } from './learning-rate.ts';

/** What every optimizer here takes. */
export interface OptimizerOptions {
  /** η, a number or a schedule; settable later. */
  readonly learningRate: LearningRate;
  /** λ, decoupled: W shrinks by the factor 1 − ηλ at each step. */
  readonly weightDecay: number;
  /** Which variables decay. */
  readonly decay: DecayMask;
}

/** The defaults with the given options over them; an unknown or missing option is an error that lists the known ones. */
export function resolveOptions<T extends OptimizerOptions>(
  optimizer: string,
  defaults: Readonly<Record<keyof T, unknown>>,
  given: object,
): T {
  const known = Object.keys(defaults);
  const resolved: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) {
      throw new UserError(`${optimizer} has no option '${key}'; it has ${known.join(', ')}`);
    }
    if (value !== undefined) resolved[key] = value;
  }
  const options = resolved as unknown as T;
  if (options.learningRate === undefined) throw new UserError(`${optimizer} needs the option learningRate`);
  if (typeof options.learningRate !== 'function') learningRateAt(options.learningRate, 0);
  if (typeof options.decay !== 'function') throw new UserError(`${optimizer}: decay must be a function`);
  checkNumber(optimizer, 'weightDecay', options.weightDecay, (value) => value >= 0, 'at least 0');
  return options;
}

/** Throws a UserError unless `value` is a finite number that satisfies `accepts`, described by `range`. */
export function checkNumber(
  optimizer: string,
  option: string,
  value: unknown,
  accepts: (value: number) => boolean,
  range: string,
): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || !accepts(value)) {
    throw new UserError(`${optimizer}: ${option} must be ${range}; got ${value}`);
  }
}

/** β = 1 is refused because a moment that never moves from zero is then divided by. */
export function checkBetas<T extends object>(
  optimizer: string,
  options: T,
  ...betas: (keyof T & string)[]
): void {
  for (const beta of betas) {
    checkNumber(optimizer, beta, options[beta], (value) => value >= 0 && value < 1, 'in [0, 1)');
  }
}

/** The options in a saved configuration. TensorFlow.js's model loader adds keys of its own, so unknown ones are left out. */
export function optionsFromConfig(
  config: Readonly<Record<string, unknown>>,
  defaults: object,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const key of Object.keys(defaults)) {
    if (config[key] !== undefined) options[key] = config[key];
  }
  if (typeof options.decay === 'string') options.decay = decayMaskNamed(options.decay);
  return options;
}
