/** What the training experiments compare, with settings and learning rates to begin with. Light: no TensorFlow.js. */

export const contestantTitles = {
  adamw: 'AdamW',
  came: 'CAME',
  'adafactor-momentum': 'Adafactor, β₁ 0.9',
  adafactor: 'Adafactor',
  'sm3-momentum': 'SM3 + momentum',
  lion: 'Lion',
  'adam-mini': 'Adam-mini',
  lamb: 'LAMB',
  'muon-adamw': 'Muon + AdamW',
  'schedule-free-adamw': 'Schedule-Free AdamW',
  'sgd-momentum': 'SGD + momentum',
} as const;
export type ContestantName = keyof typeof contestantTitles;

export const contestantNames = Object.keys(contestantTitles) as ContestantName[];

/** Where the search for the learning rate begins. */
type Tuned = { readonly learningRates: readonly number[] };

type Moments = { readonly beta1: number; readonly beta2: number };
type Adam = Moments & { readonly epsilon: number };

/** Settings of each contestant; the weight decay and the schedule are the task's. */
export type ContestantSettings = {
  readonly adamw: Tuned & Adam;
  readonly came: Tuned &
    Moments & { readonly beta3: number; readonly clipThreshold: number; readonly confidence: boolean };
  readonly 'adafactor-momentum': Tuned & {
    readonly beta1: number;
    readonly decayExponent: number;
    readonly clipThreshold: number;
  };
  readonly adafactor: Tuned & { readonly decayExponent: number; readonly clipThreshold: number };
  readonly 'sm3-momentum': Tuned & { readonly momentum: number };
  readonly lion: Tuned & Moments;
  readonly 'adam-mini': Tuned & Adam;
  readonly lamb: Tuned & Adam;
  readonly 'muon-adamw': Tuned & Adam & { readonly momentum: number };
  readonly 'schedule-free-adamw': Tuned & Adam;
  readonly 'sgd-momentum': Tuned & { readonly momentum: number };
};

/** In steps of √10. */
const rates = (...learningRates: number[]) => ({ learningRates });

/**
 * The betas of language-model training: (0.9, 0.95) for AdamW and for what has its moments, and (0.9, 0.95, 0.995) for CAME, as in the
 * Llama run of CAME's authors. Their default β₃ of 0.9999 needs some 30,000 steps to forget that the instability starts at zero; until
 * then it inflates every step, most at the beginning, and wants a grid three to ten times lower. Everything else has what its authors
 * recommend. Grids begin around the learning rates that they name, moved up as small models want it, and are extended where the best
 * lies at an end.
 */
export const contestantSettings: ContestantSettings = {
  adamw: { ...rates(3e-3, 1e-2, 3e-2), beta1: 0.9, beta2: 0.95, epsilon: 1e-8 },
  came: {
    ...rates(3e-3, 1e-2, 3e-2),
    beta1: 0.9,
    beta2: 0.95,
    beta3: 0.995,
    clipThreshold: 1,
    confidence: true,
  },
  // As CAME's paper has it: a learning rate from outside, not scaled by the weights.
  'adafactor-momentum': { ...rates(3e-3, 1e-2, 3e-2), beta1: 0.9, decayExponent: 0.8, clipThreshold: 1 },
  // As its own paper, relative to the size of the weights, but with the schedule that all have.
  adafactor: { ...rates(3e-2, 1e-1, 3e-1), decayExponent: 0.8, clipThreshold: 1 },
  'sm3-momentum': { ...rates(3e-2, 1e-1, 3e-1), momentum: 0.9 },
  // Three to ten times below AdamW.
  lion: { ...rates(3e-4, 1e-3, 3e-3), beta1: 0.9, beta2: 0.99 },
  'adam-mini': { ...rates(3e-3, 1e-2, 3e-2), beta1: 0.9, beta2: 0.95, epsilon: 1e-8 },
  lamb: { ...rates(3e-3, 1e-2, 3e-2), beta1: 0.9, beta2: 0.95, epsilon: 1e-6 },
  // Scaled to move weights as far as AdamW does, so that one learning rate serves both.
  'muon-adamw': { ...rates(3e-3, 1e-2, 3e-2), momentum: 0.95, beta1: 0.9, beta2: 0.95, epsilon: 1e-8 },
  'schedule-free-adamw': { ...rates(3e-3, 1e-2, 3e-2), beta1: 0.9, beta2: 0.95, epsilon: 1e-8 },
  'sgd-momentum': { ...rates(1e-1, 3e-1, 1), momentum: 0.9 },
};

/** The settings with the grids of all contestants changed alike. */
export function withGrids(
  settings: ContestantSettings,
  change: (learningRates: readonly number[]) => readonly number[],
): ContestantSettings {
  return Object.fromEntries(
    contestantNames.map((name) => [
      name,
      { ...settings[name], learningRates: change(settings[name].learningRates) },
    ]),
  ) as unknown as ContestantSettings;
}
