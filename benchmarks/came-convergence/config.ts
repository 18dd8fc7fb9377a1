import type { TextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { loadCorpus } from './corpus.ts';

/** All settings of came-convergence. What both contestants share stands outside their records. */
export type CameConvergenceConfig = {
  /** D, L, H and T of the decoder-only Transformer. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
  readonly batchSize: number;
  /** Training steps of every cell. */
  readonly steps: number;
  /** Linear warm-up, as a share of the steps; cosine decay to zero follows. */
  readonly warmupShare: number;
  /** Decoupled, on matrices only, times the learning rate as in both reference implementations. */
  readonly weightDecay: number;
  /** Global gradient norm. */
  readonly clipNorm: number;
  /** How often the validation loss is measured along the way, and over how many windows. */
  readonly evaluations: number;
  readonly validationWindows: number;
  /** Length of the generated text where no --data is given. */
  readonly storyCharacters: number;
  /** How many seeds choose the learning rate; they are not used again. */
  readonly tuningSeeds: number;
  /** How much worse than AdamW, in nats, still counts as converging alike. Set before any run. */
  readonly margin: number;
  /** The largest share of AdamW's state that still counts as about half. */
  readonly stateLimit: number;
  readonly adamw: {
    readonly learningRates: readonly number[];
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
  };
  readonly came: {
    readonly learningRates: readonly number[];
    readonly beta1: number;
    readonly beta2: number;
    readonly beta3: number;
    readonly clipThreshold: number;
  };
};

/**
 * Equal numbers of trials, in steps of √10. With the betas below CAME steps about as far as AdamW from some 300 steps on, so
 * both have the same grid.
 */
const learningRates = [1e-3, 3e-3, 1e-2, 3e-2];

/**
 * The betas of language-model training: (0.9, 0.95) for AdamW and (0.9, 0.95, 0.995) for CAME, as in the Llama run of CAME's
 * authors. Their default β₃ of 0.9999 needs some 30,000 steps to forget that the instability starts at zero; until then it
 * inflates every step, most at the beginning, and wants a grid three to ten times lower.
 */
const adamw = { learningRates, beta1: 0.9, beta2: 0.95, epsilon: 1e-8 };
const came = { learningRates, beta1: 0.9, beta2: 0.95, beta3: 0.995, clipThreshold: 1 };

const laptop: CameConvergenceConfig = {
  width: 64,
  layers: 2,
  heads: 4,
  context: 64,
  batchSize: 16,
  steps: 2000,
  warmupShare: 0.1,
  weightDecay: 0.01,
  clipNorm: 1,
  evaluations: 20,
  validationWindows: 256,
  storyCharacters: 1_000_000,
  tuningSeeds: 1,
  margin: 0.02,
  stateLimit: 0.55,
  adamw,
  came,
};

export const presets: Readonly<Record<Preset, CameConvergenceConfig>> = {
  smoke: {
    ...laptop,
    width: 16,
    layers: 1,
    heads: 2,
    context: 16,
    batchSize: 4,
    steps: 20,
    evaluations: 4,
    validationWindows: 8,
    storyCharacters: 20_000,
    adamw: { ...adamw, learningRates: [3e-3, 1e-2] },
    came: { ...came, learningRates: [3e-3, 1e-2] },
  },
  laptop,
  paper: {
    ...laptop,
    width: 512,
    layers: 8,
    heads: 8,
    context: 256,
    batchSize: 32,
    steps: 20_000,
    evaluations: 50,
    validationWindows: 1024,
    storyCharacters: 20_000_000,
    tuningSeeds: 3,
    adamw: { ...adamw, learningRates: [3e-5, 1e-4, 3e-4, ...learningRates] },
    came: { ...came, learningRates: [3e-5, 1e-4, 3e-4, ...learningRates] },
  },
};

/** Refuses settings that the run could not use, naming the one that is wrong; and a text that is too short. */
export function check(config: CameConvergenceConfig, data: TextFile | undefined): void {
  const counts = ['width', 'layers', 'heads', 'context', 'batchSize', 'steps', 'evaluations'] as const;
  for (const key of [...counts, 'validationWindows', 'storyCharacters', 'tuningSeeds'] as const) {
    demand(Number.isSafeInteger(config[key]) && config[key] > 0, key, config[key], 'a whole number above 0');
  }
  const { width, heads, steps, evaluations, warmupShare, margin, stateLimit, adamw, came } = config;
  demand(width % heads === 0, 'heads', heads, `a divisor of the width ${width}`);
  demand(evaluations <= steps, 'evaluations', evaluations, `at most the ${steps} steps`);
  demand(warmupShare >= 0 && warmupShare < 1, 'warmupShare', warmupShare, 'at least 0 and below 1');
  demand(config.clipNorm > 0, 'clipNorm', config.clipNorm, 'above 0');
  demand(config.weightDecay >= 0, 'weightDecay', config.weightDecay, 'at least 0');
  demand(margin > 0, 'margin', margin, 'above 0');
  demand(stateLimit > 0, 'stateLimit', stateLimit, 'above 0');
  demand(adamw.epsilon > 0, 'adamw.epsilon', adamw.epsilon, 'above 0');
  demand(came.clipThreshold > 0, 'came.clipThreshold', came.clipThreshold, 'above 0');
  for (const [name, { learningRates, ...settings }] of Object.entries({ adamw, came })) {
    const good = learningRates.length > 0 && learningRates.every((rate) => rate > 0);
    const key = `${name}.learningRates`;
    demand(
      good && new Set(learningRates).size === learningRates.length,
      key,
      learningRates,
      'different numbers above 0',
    );
    for (const [beta, value] of Object.entries(settings)) {
      if (beta.startsWith('beta'))
        demand(value >= 0 && value < 1, `${name}.${beta}`, value, 'at least 0 and below 1');
    }
  }
  if (adamw.learningRates.length !== came.learningRates.length) {
    throw new UserError(
      'adamw.learningRates and came.learningRates must be equally long: equal numbers of trials.',
    );
  }
  loadCorpus(config, data);
}

function demand(holds: boolean, key: string, value: unknown, wanted: string): void {
  if (!holds) throw new UserError(`${key} must be ${wanted}, and is ${value}.`);
}
