import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { type ContestantName, type ContestantSettings, contestantNames } from './contestants.ts';

/** What is trained, on what and for how long: the same for every contestant. */
export type TaskConfig = {
  /** `lm`: decoder-only, the next token; `bert`: bidirectional, 15 % masked tokens. */
  readonly model: string;
  /** D, L, H and T. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
  readonly batchSize: number;
  /** Training steps of every cell. */
  readonly steps: number;
  /** Linear warm-up, as a share of the steps; cosine decay to zero follows (none with Schedule-Free AdamW). */
  readonly warmupShare: number;
  /** Decoupled, on matrices only, times the learning rate as in the reference implementations. */
  readonly weightDecay: number;
  /** Global gradient norm. */
  readonly clipNorm: number;
  /** How often the validation loss is measured along the way, and over how many windows. */
  readonly evaluations: number;
  readonly validationWindows: number;
  /** Length of the generated text where no --data is given. */
  readonly storyCharacters: number;
};

/** How learning rates are chosen. */
export type TuningConfig = {
  /** How many seeds choose the learning rate; they are not used again. */
  readonly tuningSeeds: number;
  /** How many rates, in steps of √10, may be added to every grid while the best of some contestant lies at an end. */
  readonly extraTrials: number;
};

export const models = ['lm', 'bert'] as const;
export type ModelKind = (typeof models)[number];

const laptop: TaskConfig = {
  model: 'lm',
  width: 64,
  layers: 2,
  heads: 4,
  context: 64,
  batchSize: 16,
  steps: 1000,
  warmupShare: 0.1,
  weightDecay: 0.01,
  clipNorm: 1,
  evaluations: 20,
  validationWindows: 256,
  storyCharacters: 1_000_000,
};

/** What the presets of the training experiments have alike. */
export const tasks: Readonly<Record<Preset, TaskConfig>> = {
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
  },
};

/** Refuses settings that a run could not use, naming the one that is wrong. */
export function checkTask(config: TaskConfig & TuningConfig): void {
  const counts = ['width', 'layers', 'heads', 'context', 'batchSize', 'steps', 'evaluations'] as const;
  for (const key of [...counts, 'validationWindows', 'storyCharacters', 'tuningSeeds'] as const) {
    demand(Number.isSafeInteger(config[key]) && config[key] > 0, key, config[key], 'a whole number above 0');
  }
  const { model, context, width, heads, steps, evaluations, warmupShare, extraTrials } = config;
  demand((models as readonly string[]).includes(model), 'model', model, `one of ${models.join(', ')}`);
  demand(model !== 'bert' || context > 2, 'context', context, 'at least 3: [CLS], text, [SEP]');
  demand(width % heads === 0, 'heads', heads, `a divisor of the width ${width}`);
  demand(evaluations <= steps, 'evaluations', evaluations, `at most the ${steps} steps`);
  demand(warmupShare >= 0 && warmupShare < 1, 'warmupShare', warmupShare, 'at least 0 and below 1');
  demand(config.clipNorm > 0, 'clipNorm', config.clipNorm, 'above 0');
  demand(config.weightDecay >= 0, 'weightDecay', config.weightDecay, 'at least 0');
  demand(Number.isSafeInteger(extraTrials) && extraTrials >= 0, 'extraTrials', extraTrials, 'a whole number');
}

/** Refuses unknown contestants, missing ones, bad settings and unequal numbers of trials. */
export function checkContestants(
  chosen: readonly string[],
  needed: readonly ContestantName[],
  settings: ContestantSettings,
): asserts chosen is readonly ContestantName[] {
  const known: readonly string[] = contestantNames;
  for (const name of chosen) demand(known.includes(name), 'contestants', name, `among ${known.join(', ')}`);
  demand(new Set(chosen).size === chosen.length, 'contestants', chosen, 'different');
  for (const name of needed) {
    if (chosen.includes(name)) continue;
    throw new UserError(`contestants must hold ${needed.join(' and ')}, which the claim is about.`);
  }
  for (const name of chosen as readonly ContestantName[]) checkSettings(name, settings[name]);
  const trials = new Set(
    (chosen as readonly ContestantName[]).map((name) => settings[name].learningRates.length),
  );
  if (trials.size > 1) {
    throw new UserError(
      `The learningRates of ${chosen.join(', ')} must be equally long: equal numbers of trials.`,
    );
  }
}

/** Of one contestant; `name` is what its keys begin with. */
export function checkSettings(
  name: string,
  {
    learningRates,
    ...settings
  }: { readonly learningRates: readonly number[] } & Readonly<Record<string, unknown>>,
): void {
  checkRates(`${name}.learningRates`, learningRates);
  for (const [key, value] of Object.entries(settings)) {
    if (typeof value !== 'number') continue;
    const share = key.startsWith('beta') || key === 'momentum';
    if (share) demand(value >= 0 && value < 1, `${name}.${key}`, value, 'at least 0 and below 1');
    else demand(value > 0, `${name}.${key}`, value, 'above 0');
  }
}

export function checkRates(key: string, rates: readonly number[]): void {
  const good = rates.length > 0 && rates.every((rate) => rate > 0) && new Set(rates).size === rates.length;
  demand(good, key, rates, 'different numbers above 0');
}

export function demand(holds: boolean, key: string, value: unknown, wanted: string): void {
  if (!holds) throw new UserError(`${key} must be ${wanted}, and is ${value}.`);
}
