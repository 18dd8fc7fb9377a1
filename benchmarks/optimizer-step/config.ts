import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { type BertConfig, bertBase, bertLarge } from '../step-timing/shapes.ts';

export const CONTESTANTS = [
  'native',
  'native-captured',
  'captured',
  'eager',
  'authors',
  'adamw-fused',
  'adamw-foreach',
] as const;
export type ContestantName = (typeof CONTESTANTS)[number];
export type OptimizerName = 'came' | 'adamw';

export type OptimizerStepConfig = {
  readonly bert: BertConfig;
  /** Who makes the CAME step, and who is beside it. */
  readonly came: readonly string[];
  /** Who makes the AdamW step. */
  readonly adamw: readonly string[];
  /** η of all; the rest is each one's default. */
  readonly learningRate: number;
  /** Rounds wanted with the machine to ourselves, and how many may be repeated. */
  readonly rounds: number;
  readonly extraRounds: number;
  /** Timed steps of every contestant in a round, the same for all so that their weights can be compared at the end. */
  readonly steps: number;
  /** Largest share of the cores that others may use. */
  readonly othersLimit: number;
  /** Floats in each array of the bandwidth measurement. */
  readonly bandwidthElements: number;
};

const ours = ['native', 'native-captured', 'captured', 'eager'];

const laptop: OptimizerStepConfig = {
  bert: bertBase,
  came: [...ours, 'authors', 'adamw-fused'],
  adamw: [...ours, 'adamw-fused', 'adamw-foreach'],
  learningRate: 1e-4,
  rounds: 7,
  extraRounds: 7,
  steps: 5,
  othersLimit: 0.03,
  bandwidthElements: 2 ** 26,
};

export const presets: Readonly<Record<Preset, OptimizerStepConfig>> = {
  smoke: {
    ...laptop,
    bert: { vocabulary: 61, width: 8, layers: 1, intermediate: 32, positions: 16, types: 2 },
    rounds: 2,
    extraRounds: 0,
    steps: 2,
    bandwidthElements: 2 ** 20,
  },
  laptop,
  paper: { ...laptop, bert: bertLarge },
};

/** @throws UserError for a contestant that does not exist */
export function checkConfig({ came, adamw, rounds, steps }: OptimizerStepConfig): void {
  for (const [name, value] of Object.entries({ rounds, steps })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new UserError(`${name} must be a positive integer, got ${value}.`);
    }
  }
  for (const [key, names] of Object.entries({ came, adamw })) {
    for (const name of names) {
      if ((CONTESTANTS as readonly string[]).includes(name)) continue;
      throw new UserError(
        `${key}: no contestant ${name}.${nearMatches(name, CONTESTANTS)} Known: ${CONTESTANTS.join(', ')}`,
      );
    }
  }
}
