import { UserError } from '../errors.ts';
import { checkNumber } from './check-number.ts';
import { type DecayMask, decayMaskNamed } from './decay.ts';
import { checkGroups, type GroupRule, groupsFromConfig } from './groups.ts';
import { type LearningRate, rateAfter } from './learning-rate.ts';

export { checkBetas, checkNumber } from './check-number.ts';

/** What every optimizer here takes. */
export interface OptimizerOptions {
  /** η, a number or a schedule (see LearningRate); settable later. */
  readonly learningRate: LearningRate;
  /** λ, decoupled: W shrinks by the factor 1 − ηλ at each step. */
  readonly weightDecay: number;
  /** Which variables decay. */
  readonly decay: DecayMask;
  /** Rules for some of the variables, the first that matches: see groups.ts. Default none. */
  readonly groups?: readonly GroupRule[];
  /** All gradients are scaled down together to this norm ‖g‖₂ if it is larger. Default: not. */
  readonly globalClipNorm?: number;
  /** Every element of a gradient is clipped to ±this, before the norm is taken. Default: not. */
  readonly clipValue?: number;
}

/** Options that every optimizer has and none needs to list among its defaults. */
const OPTIONAL = ['groups', 'globalClipNorm', 'clipValue'] as const;
type Defaults<T extends OptimizerOptions> = Readonly<
  Record<Exclude<keyof T, (typeof OPTIONAL)[number]>, unknown>
>;

/**
 * The defaults with the given options over them; an unknown or missing option is an error that lists the known ones.
 * `groupKeys` are what rules of this optimizer's groups may hold beside what all have.
 */
export function resolveOptions<T extends OptimizerOptions>(
  optimizer: string,
  defaults: Defaults<T>,
  given: object,
  groupKeys: readonly string[] = [],
): T {
  const known = [...Object.keys(defaults), ...OPTIONAL];
  const resolved: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) {
      throw new UserError(`${optimizer} has no option '${key}'; it has ${known.join(', ')}`);
    }
    if (value !== undefined) resolved[key] = value;
  }
  const options = resolved as unknown as T;
  if (options.learningRate === undefined) throw new UserError(`${optimizer} needs the option learningRate`);
  rateAfter(options.learningRate);
  if (typeof options.decay !== 'function') throw new UserError(`${optimizer}: decay must be a function`);
  checkNumber(optimizer, 'weightDecay', options.weightDecay, (value) => value >= 0, 'at least 0');
  checkGroups(optimizer, options.groups ?? [], groupKeys);
  for (const clip of ['globalClipNorm', 'clipValue'] as const) {
    if (options[clip] !== undefined)
      checkNumber(optimizer, clip, options[clip], (value) => value > 0, 'greater than 0');
  }
  return options;
}

/** The options in a saved configuration. TensorFlow.js's model loader adds keys of its own, so unknown ones are left out. */
export function optionsFromConfig(
  config: Readonly<Record<string, unknown>>,
  defaults: object,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const key of [...Object.keys(defaults), ...OPTIONAL]) {
    if (config[key] !== undefined) options[key] = config[key];
  }
  if (Array.isArray(options.groups)) options.groups = groupsFromConfig(options.groups);
  if (typeof options.decay === 'string') options.decay = decayMaskNamed(options.decay);
  return options;
}
