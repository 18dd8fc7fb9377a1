import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { nearMatches } from '../../src/experiment/near-matches.ts';

/**
 * Who computes the step. `eager` is what TensorFlow.js does by itself: its operations one by one, none of our native kernels;
 * `captured` has everything that this package brings, `captured-ops` and `eager-native` a part of it.
 */
export const CONTESTANTS = [
  'captured',
  'captured-ops',
  'eager',
  'eager-native',
  'wasm',
  'wasm-stock',
  'webgpu',
  'js',
  'pytorch',
  'torch-compile',
  'jax',
] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

export type SizeConfig = {
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
  readonly contestants: readonly string[];
};

export type TrainingStepConfig = {
  readonly sizes: { readonly [name: string]: SizeConfig };
  /** V */
  readonly vocabulary: number;
  /** η of AdamW; the rest is β₁ 0.9, β₂ 0.999, ε 1e-8, λ 0.01 on matrices. */
  readonly learningRate: number;
  /** Rounds wanted with the machine to ourselves, and how many may be repeated. */
  readonly rounds: number;
  readonly extraRounds: number;
  /** Timed steps of a contestant in one round: as many as fit in this time, between 1 and `maximumSteps`. */
  readonly sectionSeconds: number;
  readonly maximumSteps: number;
  /** Largest share of the cores that others may use. */
  readonly othersLimit: number;
  /** n of the n×n products that measure the machine's peak. */
  readonly matmulSize: number;
  /** Whether each peer tries several forms of the same step and takes the fastest. */
  readonly peerVariants: boolean;
};

const peers = ['pytorch', 'torch-compile', 'jax'];
const onTensorflow = ['captured', 'captured-ops', 'eager', 'eager-native'];
const d128 = { width: 128, layers: 2, heads: 4, sequence: 64, batch: 16 };
const d256 = { width: 256, layers: 4, heads: 4, sequence: 128, batch: 8 };

const laptop: TrainingStepConfig = {
  sizes: {
    D128: { ...d128, contestants: [...onTensorflow, 'wasm', 'wasm-stock', 'webgpu', ...peers] },
    D256: { ...d256, contestants: [...onTensorflow, ...peers] },
  },
  vocabulary: 64,
  learningRate: 1e-3,
  rounds: 7,
  extraRounds: 7,
  sectionSeconds: 2,
  maximumSteps: 100,
  othersLimit: 0.03,
  matmulSize: 2048,
  peerVariants: true,
};

export const presets: Readonly<Record<Preset, TrainingStepConfig>> = {
  smoke: {
    ...laptop,
    sizes: {
      D16: {
        width: 16,
        layers: 1,
        heads: 2,
        sequence: 8,
        batch: 2,
        contestants: ['captured', 'eager', 'wasm', 'wasm-stock', 'js', 'pytorch', 'jax'],
      },
    },
    rounds: 2,
    extraRounds: 0,
    sectionSeconds: 0.05,
    matmulSize: 256,
    peerVariants: false,
  },
  laptop,
  paper: {
    ...laptop,
    sizes: {
      D128: { ...d128, contestants: [...onTensorflow, 'wasm', 'wasm-stock', 'webgpu', ...peers] },
      D256: { ...d256, contestants: [...onTensorflow, 'wasm', 'webgpu', ...peers] },
      D512: {
        width: 512,
        layers: 8,
        heads: 8,
        sequence: 256,
        batch: 8,
        contestants: ['captured', 'eager', ...peers],
      },
    },
    sectionSeconds: 5,
  },
};

/** @throws UserError for a contestant that does not exist */
export function checkConfig({ sizes, rounds }: TrainingStepConfig): void {
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UserError(`rounds must be a positive integer, got ${rounds}.`);
  for (const [size, { contestants }] of Object.entries(sizes)) {
    for (const name of contestants) {
      if ((CONTESTANTS as readonly string[]).includes(name)) continue;
      throw new UserError(
        `sizes.${size}.contestants: no contestant ${name}.${nearMatches(name, CONTESTANTS)} Known: ${CONTESTANTS.join(', ')}`,
      );
    }
  }
}
