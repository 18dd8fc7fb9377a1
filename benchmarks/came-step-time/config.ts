import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';
import { type ContestantName, contestantTitles } from '../came-optimizer-memory/config.ts';
import { type BertConfig, bertBase, bertLarge } from '../step-timing/shapes.ts';

export type OptimizerName = ContestantName;

/** Equal matrices. */
export type MatricesConfig = {
  readonly tensors: number;
  readonly shape: readonly number[];
  readonly optimizers: readonly string[];
};

export type StepTimeConfig = {
  readonly bert: BertConfig & { readonly optimizers: readonly string[] };
  /** By the name of the size. */
  readonly matrices: { readonly [size: string]: MatricesConfig };
  /** The loops in JavaScript beside operations, on these backends whatever the one of the run. */
  readonly loops: MatricesConfig & { readonly backends: readonly string[] };
  /** A whole training step of a language model, with CAME and with AdamW. */
  readonly training: TrainingConfig;
  /** η of CAME and AdamW over given gradients; the others have their defaults. */
  readonly learningRate: number;
  /** Rounds wanted with the machine to ourselves, and how many may be repeated. */
  readonly rounds: number;
  readonly extraRounds: number;
  /** Timed steps of a contestant in one round: as many as fit in this time, between 1 and `maximumSteps`. */
  readonly sectionSeconds: number;
  readonly maximumSteps: number;
  /** Between two contestants, in milliseconds. */
  readonly pause: number;
  /** Largest share of the cores that others may use. */
  readonly othersLimit: number;
  /** Floats in each array of the bandwidth measurement. */
  readonly bandwidthElements: number;
};

export type TrainingConfig = {
  /** D */
  readonly width: number;
  /** L */
  readonly layers: number;
  /** H */
  readonly heads: number;
  /** T */
  readonly sequence: number;
  /** B */
  readonly batch: number;
  /** V */
  readonly vocabulary: number;
  readonly sectionSeconds: number;
};

const optimizers = Object.keys(contestantTitles) as OptimizerName[];
/** Muon's matrix products take 3 s a step where a matrix has 8 million elements, and 10 s over BERT-Base. */
const quick = optimizers.filter((name) => name !== 'muon-adamw');
const bothOfClaim = ['came', 'adamw'];

const laptop: StepTimeConfig = {
  bert: { ...bertBase, optimizers: quick },
  matrices: {
    '100x16x16': { tensors: 100, shape: [16, 16], optimizers },
    '1024x1024': { tensors: 1, shape: [1024, 1024], optimizers },
    '2048x4096': { tensors: 1, shape: [2048, 4096], optimizers: quick },
  },
  loops: { tensors: 100, shape: [16, 16], optimizers: bothOfClaim, backends: ['wasm', 'js'] },
  training: { width: 256, layers: 4, heads: 4, sequence: 128, batch: 8, vocabulary: 64, sectionSeconds: 2 },
  learningRate: 1e-4,
  rounds: 5,
  extraRounds: 5,
  sectionSeconds: 0.2,
  maximumSteps: 200,
  pause: 100,
  othersLimit: 0.03,
  bandwidthElements: 2 ** 26,
};

export const presets: Readonly<Record<Preset, StepTimeConfig>> = {
  smoke: {
    ...laptop,
    bert: {
      vocabulary: 61,
      width: 8,
      layers: 1,
      intermediate: 32,
      positions: 16,
      types: 2,
      optimizers: bothOfClaim,
    },
    matrices: { '3x16x16': { tensors: 3, shape: [16, 16], optimizers } },
    loops: { ...laptop.loops, tensors: 5, optimizers: ['came'] },
    training: {
      width: 16,
      layers: 1,
      heads: 2,
      sequence: 8,
      batch: 2,
      vocabulary: 64,
      sectionSeconds: 0.02,
    },
    rounds: 1,
    extraRounds: 0,
    sectionSeconds: 0.005,
    pause: 0,
    bandwidthElements: 2 ** 18,
  },
  laptop,
  paper: {
    ...laptop,
    bert: { ...bertLarge, optimizers },
    matrices: Object.fromEntries(
      Object.entries(laptop.matrices).map(([size, matrices]) => [size, { ...matrices, optimizers }]),
    ),
    rounds: 9,
    extraRounds: 9,
    sectionSeconds: 1,
  },
};

/** @throws UserError for an optimizer or a backend that does not exist, and for counts that are none */
export function check({ bert, matrices, loops, rounds, maximumSteps }: StepTimeConfig): void {
  checkPositive({ rounds, maximumSteps });
  checkNames('bert.optimizers', bert.optimizers, optimizers);
  checkNames('loops.backends', loops.backends, ['wasm', 'js']);
  const lists = {
    ...Object.fromEntries(Object.entries(matrices).map(([name, one]) => [`matrices.${name}`, one])),
    loops,
  };
  for (const [key, { tensors, shape, optimizers: named }] of Object.entries(lists)) {
    checkPositive({ [`${key}.tensors`]: tensors });
    if (shape.length !== 2) throw new UserError(`${key}.shape must be two lengths, got ${shape.join(',')}.`);
    for (const length of shape) checkPositive({ [`${key}.shape`]: length });
    checkNames(`${key}.optimizers`, named, optimizers);
  }
}

function checkPositive(values: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(values)) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new UserError(`${key} must be a positive integer, got ${value}.`);
  }
}

function checkNames(key: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(
      `${key}: there is no ${unknown}.${nearMatches(unknown, known)} Known: ${known.join(', ')}`,
    );
  }
  if (new Set(names).size !== names.length) throw new UserError(`${key}: each may be named once.`);
}
