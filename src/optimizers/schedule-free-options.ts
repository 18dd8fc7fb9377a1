import { decayAll } from './decay.ts';
import { checkBetas, checkNumber, type OptimizerOptions, resolveOptions } from './options.ts';

export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** β₁, of the interpolation between z and x; not 0, since x could not be had from y and z. */
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Steps in which η grows linearly from 0. */
  readonly warmupSteps: number;
  /** r: 0 for the mean of all z, more to weigh the later ones higher. */
  readonly averagingPower: number;
}

/** Those of the authors' code. */
export const SCHEDULE_FREE_ADAMW_DEFAULTS: ScheduleFreeAdamWOptions = {
  learningRate: 2.5e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decay: decayAll,
  warmupSteps: 0,
  averagingPower: 0,
};

/** The defaults with the given options over them. Throws a UserError for what is unknown or out of range. */
export function resolveScheduleFreeOptions(optimizer: string, given: object): ScheduleFreeAdamWOptions {
  const options = resolveOptions<ScheduleFreeAdamWOptions>(
    optimizer,
    { ...SCHEDULE_FREE_ADAMW_DEFAULTS },
    given,
  );
  checkBetas(optimizer, options, 'beta2');
  checkNumber(optimizer, 'beta1', options.beta1, (value) => value > 0 && value < 1, 'in (0, 1)');
  checkNumber(optimizer, 'epsilon', options.epsilon, (value) => value > 0, 'greater than 0');
  const whole = (value: number) => Number.isInteger(value) && value >= 0;
  checkNumber(optimizer, 'warmupSteps', options.warmupSteps, whole, 'a whole number, not negative');
  checkNumber(optimizer, 'averagingPower', options.averagingPower, (value) => value >= 0, 'at least 0');
  return options;
}
