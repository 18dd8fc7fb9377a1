import { UserError } from '../../src/errors.ts';
import type { Cell } from '../../src/experiment/cells.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { models } from './models.ts';

export const contestantTitles = {
  adamw: 'AdamW',
  lamb: 'LAMB',
  'schedule-free-adamw': 'Schedule-Free AdamW',
  adafactor: 'Adafactor',
  'adafactor-momentum': 'Adafactor, β₁ 0.9',
  'sm3-momentum': 'SM3 + momentum',
  came: 'CAME',
  lion: 'Lion',
  'adam-mini': 'Adam-mini',
  'muon-adamw': 'Muon + AdamW',
  'sgd-momentum': 'SGD + momentum',
} as const;
export type ContestantName = keyof typeof contestantTitles;

export type OptimizerMemoryConfig = {
  /** The model that is built and measured; the others are computed from their shapes. */
  readonly model: string;
  readonly contestants: readonly string[];
};

const contestants = Object.keys(contestantTitles);

export const presets: Readonly<Record<Preset, OptimizerMemoryConfig>> = {
  smoke: { model: 'bert-tiny', contestants },
  laptop: { model: 'bert-base', contestants },
  paper: { model: 'bert-large', contestants },
};

export function check({ model, contestants: chosen }: OptimizerMemoryConfig): void {
  if (models[model] === undefined) {
    throw new UserError(`model must be one of ${Object.keys(models).join(', ')}, and is ${model}.`);
  }
  const unknown = chosen.find((name) => !(name in contestantTitles));
  if (unknown !== undefined) {
    throw new UserError(`contestants: there is no ${unknown}; known are ${contestants.join(', ')}.`);
  }
  if (new Set(chosen).size !== chosen.length) throw new UserError('contestants: each may be named once.');
}

/** One optimizer. */
export interface MemoryCell extends Cell {
  readonly id: ContestantName;
}

export interface MemoryResult {
  readonly parameters: number;
  readonly weightBytes: number;
  readonly gradientBytes: number;
  /** What TensorFlow.js counts more after the first step than before it. */
  readonly stateBytes: number;
  /** The most that it counts during a later step, above what it counts before and after. */
  readonly transientBytes: number;
  /** Bytes of state by model, from shapes alone. */
  readonly computed: Readonly<Record<string, number>>;
}
