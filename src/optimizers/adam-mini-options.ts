import { checkPartition, type Partition } from './blocks.ts';
import { decayAll } from './decay.ts';
import type { GroupRule } from './groups.ts';
import { checkBetas, checkNumber, type OptimizerOptions, resolveOptions } from './options.ts';

export interface AdamMiniOptions extends OptimizerOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** How variables are cut into blocks, where their group does not say otherwise: see blocks.ts. */
  readonly partition: Partition;
  readonly groups?: readonly AdamMiniGroup[];
}

export interface AdamMiniGroup extends GroupRule {
  readonly partition?: Partition;
}

/**
 * Those of the authors' code, but for the partition: see above. Groups of your own replace the one here: repeat it, and add one for
 * queries and keys, such as `{ match: /query|key/, partition: { heads: 8 } }`.
 */
export const ADAM_MINI_DEFAULTS: AdamMiniOptions = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decay: decayAll,
  partition: 'columns',
  groups: [{ match: /embed/i, partition: 'rows' }],
};

/** The defaults with the given options over them. Throws a UserError for what is unknown or out of range. */
export function resolveAdamMiniOptions(given: object): AdamMiniOptions {
  const options = resolveOptions<AdamMiniOptions>('AdamMini', { ...ADAM_MINI_DEFAULTS }, given, [
    'partition',
  ]);
  checkBetas('AdamMini', options, 'beta1', 'beta2');
  checkNumber('AdamMini', 'epsilon', options.epsilon, (value) => value > 0, 'greater than 0');
  checkPartition('AdamMini: partition', options.partition);
  for (const [index, { partition }] of (options.groups ?? []).entries()) {
    if (partition !== undefined) checkPartition(`AdamMini: groups[${index}].partition`, partition);
  }
  return options;
}
