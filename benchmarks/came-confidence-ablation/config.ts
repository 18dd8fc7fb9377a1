import type { TextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';
import type { CellsPlan, Preset } from '../../src/experiment/experiment.ts';
import type { Results, TrainingCell } from '../came-training/cells.ts';
import { contestantSettings } from '../came-training/contestants.ts';
import { loadCorpus } from '../came-training/corpus.ts';
import { widened } from '../came-training/rates.ts';
import { countStudyCells, requireTrials, studyCells } from '../came-training/study.ts';
import {
  checkSettings,
  checkTask,
  demand,
  type TaskConfig,
  type TuningConfig,
  tasks,
} from '../came-training/task.ts';
import type { Study } from '../came-training/tuning.ts';

export type CameConfidenceAblationConfig = TaskConfig &
  TuningConfig & {
    /** β₃ of CAME, each a contestant of its own; one more has no confidence. */
    readonly beta3s: readonly number[];
    /** What all of them share; the search for their learning rates begins alike. */
    readonly came: {
      readonly learningRates: readonly number[];
      readonly beta1: number;
      readonly beta2: number;
      readonly clipThreshold: number;
    };
  };

/** Without confidence: W ← (1 − ηλ)W − ηM. */
export const withoutConfidence = 'confidence-off';

const { beta1, beta2, clipThreshold } = contestantSettings.came;

const laptop: CameConfidenceAblationConfig = {
  ...tasks.laptop,
  tuningSeeds: 1,
  // A β₃ of 0.9999 wants learning rates some ten times below those of 0.99.
  extraTrials: 2,
  beta3s: [0.99, 0.999, 0.9999],
  came: { learningRates: [1e-3, 3e-3, 1e-2], beta1, beta2, clipThreshold },
};

export const presets: Readonly<Record<Preset, CameConfidenceAblationConfig>> = {
  smoke: {
    ...laptop,
    ...tasks.smoke,
    extraTrials: 0,
    beta3s: [0.99, 0.9999],
    came: { ...laptop.came, learningRates: [3e-3, 1e-2] },
  },
  laptop,
  // A sweep that goes on to where β₃ is the authors' default and beyond; most steps are then made with S warmed up.
  paper: {
    ...laptop,
    ...tasks.paper,
    tuningSeeds: 3,
    extraTrials: 4,
    beta3s: [0.9, 0.99, 0.999, 0.9999, 0.99999],
    came: { ...laptop.came, learningRates: widened(laptop.came.learningRates, 4, 0) },
  },
};

export function check(config: CameConfidenceAblationConfig, data: TextFile | undefined): void {
  const { beta3s, came } = config;
  checkTask(config);
  for (const beta3 of beta3s)
    demand(beta3 >= 0 && beta3 < 1, 'beta3s', beta3, 'numbers of at least 0 and below 1');
  if (beta3s.length === 0 || new Set(beta3s).size !== beta3s.length)
    throw new UserError('beta3s must hold at least one number, each once.');
  checkSettings('came', came);
  loadCorpus(config, data);
}

/** The contestants in order: without confidence first, which all are held against. */
export function variants({ beta3s }: Pick<CameConfidenceAblationConfig, 'beta3s'>): readonly Variant[] {
  return [
    { name: withoutConfidence, title: 'without confidence', beta3: undefined },
    ...beta3s.map((beta3) => ({ name: `beta3-${beta3}`, title: `β₃ ${beta3}`, beta3 })),
  ];
}

export interface Variant {
  readonly name: string;
  readonly title: string;
  /** Undefined: no confidence. */
  readonly beta3: number | undefined;
}

type Plan = CellsPlan<CameConfidenceAblationConfig>;

export function studyOf({ config }: Pick<Plan, 'config'>): Study {
  const { tuningSeeds, extraTrials, came } = config;
  const contestants = variants(config).map(({ name }) => ({ name, learningRates: came.learningRates }));
  return { contestants, tuningSeeds, extraTrials };
}

export function cells(plan: Plan, results: Results): readonly TrainingCell[] {
  const study = studyOf(plan);
  requireTrials(study, [withoutConfidence], results);
  return studyCells(study, plan.seeds, results);
}

export function countCells(plan: Plan): number {
  return countStudyCells(studyOf(plan), plan);
}
