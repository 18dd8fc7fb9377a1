import { UserError } from '../errors.ts';
import { decayAll } from './decay.ts';
import type { GroupRule } from './groups.ts';
import { checkBetas, checkNumber, type OptimizerOptions, resolveOptions } from './options.ts';

/** What s is: see muon.ts. */
export const MUON_SCALES = ['spectral', 'adamw'] as const;
export type MuonScale = (typeof MUON_SCALES)[number];

export interface MuonOptions extends OptimizerOptions {
  /** μ */
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Newton–Schulz iterations. */
  readonly iterations: number;
  readonly scale: MuonScale;
  /** AdamW's learning rate as a multiple of η. */
  readonly adamwRate: number;
  /** β₁, β₂ and ε of AdamW. */
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly groups?: readonly MuonGroup[];
}

export interface MuonGroup extends GroupRule {
  /** Whether Muon takes what is of rank 2 or more here; false: AdamW does. Default true. */
  readonly muon?: boolean;
}

/**
 * Those of the authors' code; AdamW's learning rate is 3e-4 with them. Embeddings are known by their names, as in the authors'
 * example. The output layer is for AdamW too, and no name says which that is: give it a group, such as
 * `groups: [{ match: /embed|head/, muon: false }]`. Groups of your own replace the one here.
 */
export const MUON_DEFAULTS: MuonOptions = {
  learningRate: 0.02,
  momentum: 0.95,
  nesterov: true,
  iterations: 5,
  scale: 'spectral',
  adamwRate: 0.015,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-10,
  weightDecay: 0,
  decay: decayAll,
  groups: [{ match: /embed/i, muon: false }],
};

/** The defaults with the given options over them. Throws a UserError for what is unknown or out of range. */
export function resolveMuonOptions(given: object): MuonOptions {
  const options = resolveOptions<MuonOptions>('Muon', { ...MUON_DEFAULTS }, given, ['muon']);
  checkBetas('Muon', options, 'momentum', 'beta1', 'beta2');
  const { iterations, adamwRate, epsilon, nesterov, scale, groups = [] } = options;
  checkNumber(
    'Muon',
    'iterations',
    iterations,
    (value) => Number.isInteger(value) && value > 0,
    'a whole number',
  );
  checkNumber('Muon', 'adamwRate', adamwRate, (value) => value >= 0, 'at least 0');
  checkNumber('Muon', 'epsilon', epsilon, (value) => value > 0, 'greater than 0');
  if (typeof nesterov !== 'boolean')
    throw new UserError(`Muon: nesterov must be true or false; got ${nesterov}`);
  if (!MUON_SCALES.includes(scale)) {
    throw new UserError(`Muon: scale must be one of ${MUON_SCALES.join(', ')}; got ${scale}`);
  }
  for (const [index, { muon }] of groups.entries()) {
    if (muon !== undefined && typeof muon !== 'boolean') {
      throw new UserError(`Muon: groups[${index}].muon must be true or false; got ${muon}`);
    }
  }
  return options;
}
