import { RandomStream } from '../../src/random/index.ts';
import type { SizeConfig, TrainingStepConfig } from './config.ts';

/** The work that all contestants do, as it goes over the line; the Python peers read the same. */
export interface Task {
  readonly size: ModelSize;
  readonly optimizer: AdamWSettings;
  /** Token windows [batches][B][T + 1]: inputs are all but the last column, targets all but the first. Used in turn. */
  readonly windows: readonly (readonly (readonly number[])[])[];
  /** safetensors file of the initial weights, for the peers; ours draw the same from seed {@link WEIGHT_SEED}. */
  readonly weights: string;
  readonly tryVariants: boolean;
}

export interface ModelSize {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly sequence: number;
  readonly batch: number;
  /** Of LayerNorm. */
  readonly epsilon: number;
}

export interface AdamWSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const WEIGHT_SEED = 0;
/** Steps from the initial weights whose losses must agree. */
export const COMPARED_LOSSES = 5;
const BATCHES = 8;

export function createTask(size: SizeConfig, config: TrainingStepConfig, weights: string): Task {
  const { width, layers, heads, sequence, batch } = size;
  return {
    size: { vocabulary: config.vocabulary, width, layers, heads, sequence, batch, epsilon: 1e-5 },
    optimizer: {
      learningRate: config.learningRate,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
    },
    windows: createWindows(config.vocabulary, batch, sequence),
    weights,
    tryVariants: config.peerVariants,
  };
}

/**
 * A language that can be learned at once, xₜ₊₁ = 5xₜ + 7 + {0…3} mod V: the losses fall, and gradients are far from the
 * zeros at which AdamW's first steps depend on rounding alone.
 */
function createWindows(vocabulary: number, batch: number, sequence: number): number[][][] {
  const stream = RandomStream.fromSeed(WEIGHT_SEED, 'windows');
  return Array.from({ length: BATCHES }, () =>
    Array.from({ length: batch }, () => {
      const window = [stream.integer(vocabulary)];
      while (window.length <= sequence) {
        window.push((5 * (window.at(-1) as number) + 7 + stream.integer(4)) % vocabulary);
      }
      return window;
    }),
  );
}

/**
 * Floating-point operations in the matrix products of one step, 2mnk each. Forward, for each token and layer: 12D² weights
 * (queries, keys, values, output, and an MLP of ratio 4), and 2·T·D each for scores and their product with the values, counted whole
 * although the mask makes half of them useless; the head D·V. Backward computes each product twice over.
 */
export function matmulFlops({ vocabulary, width, layers, sequence, batch }: ModelSize): number {
  const perToken = layers * (2 * 12 * width ** 2 + 2 * 2 * sequence * width) + 2 * width * vocabulary;
  return 3 * perToken * sequence * batch;
}
