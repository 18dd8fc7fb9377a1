import type { TextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';
import type { CellsPlan, Preset } from '../../src/experiment/experiment.ts';
import type { Results, TrainingCell } from '../came-training/cells.ts';
import {
  type ContestantSettings,
  contestantNames,
  contestantSettings,
  withGrids,
} from '../came-training/contestants.ts';
import { loadCorpus } from '../came-training/corpus.ts';
import { widened } from '../came-training/rates.ts';
import { countStudyCells, requireTrials, studyCells } from '../came-training/study.ts';
import {
  checkContestants,
  checkTask,
  demand,
  type TaskConfig,
  type TuningConfig,
  tasks,
} from '../came-training/task.ts';
import type { Study } from '../came-training/tuning.ts';

/** `batchSize` is that of a micro batch, the most that is in memory at once; `steps` are those with the smallest batch. */
export type CameLargeBatchConfig = TaskConfig &
  TuningConfig & {
    /** Sequences for each step; multiples of `batchSize`. The claim is about the largest. */
    readonly batchSizes: readonly number[];
    /** What is the same for all batch sizes: `samples`, so that large batches make fewer steps; or `steps`. */
    readonly budget: string;
    readonly contestants: readonly string[];
  } & ContestantSettings;

/** What the claim is about. */
export const compared = ['adamw', 'came'] as const;
export const budgets: readonly string[] = ['samples', 'steps'];

/** The task of the paper's experiment: masked tokens. */
const laptop: CameLargeBatchConfig = {
  ...tasks.laptop,
  model: 'bert',
  tuningSeeds: 1,
  extraTrials: 2,
  batchSizes: [16, 128],
  budget: 'samples',
  contestants: [...compared, 'lamb'],
  ...contestantSettings,
};

export const presets: Readonly<Record<Preset, CameLargeBatchConfig>> = {
  smoke: {
    ...laptop,
    ...tasks.smoke,
    model: 'bert',
    extraTrials: 0,
    batchSizes: [4, 8],
    contestants: [...compared],
    ...withGrids(contestantSettings, (grid) => grid.slice(0, 2)),
  },
  laptop,
  // As in the paper: as many steps whatever the batch (there 8,192 and 32,768), against AdamW, Adafactor and LAMB.
  paper: {
    ...laptop,
    ...tasks.paper,
    model: 'bert',
    context: 128,
    tuningSeeds: 3,
    extraTrials: 4,
    batchSizes: [256, 1024, 8192],
    budget: 'steps',
    contestants: [...compared, 'adafactor-momentum', 'lamb'],
    ...withGrids(contestantSettings, (grid) => widened(grid, 4, 0)),
  },
};

export function check(config: CameLargeBatchConfig, data: TextFile | undefined): void {
  const { batchSizes, batchSize, budget, evaluations } = config;
  checkTask(config);
  for (const size of batchSizes) {
    const whole = Number.isSafeInteger(size) && size > 0 && size % batchSize === 0;
    demand(whole, 'batchSizes', size, `multiples of batchSize, ${batchSize}, which is a micro batch`);
  }
  if (batchSizes.length === 0 || new Set(batchSizes).size !== batchSizes.length)
    throw new UserError('batchSizes must hold at least one number, each once.');
  demand(budgets.includes(budget), 'budget', budget, `one of ${budgets.join(', ')}`);
  const fewest = taskOf(config, Math.max(...batchSizes)).steps;
  demand(
    evaluations <= fewest,
    'evaluations',
    evaluations,
    `at most the ${fewest} steps with the largest batch`,
  );
  checkContestants(config.contestants, compared, config);
  loadCorpus(config, data);
}

/** What is trained with batches of so many sequences. */
export function taskOf(config: CameLargeBatchConfig, batchSize: number): TaskConfig {
  const smallest = Math.min(...config.batchSizes);
  const steps = config.budget === 'steps' ? config.steps : Math.round((config.steps * smallest) / batchSize);
  return { ...config, steps: Math.max(1, steps) };
}

type Plan = CellsPlan<CameLargeBatchConfig>;

export interface BatchStudy {
  readonly batchSize: number;
  readonly study: Study;
}

/** One for each batch size, ascending. */
export function studiesOf({ config }: Pick<Plan, 'config'>): BatchStudy[] {
  const { tuningSeeds, extraTrials } = config;
  const contestants = contestantNames
    .filter((name) => config.contestants.includes(name))
    .map((name) => ({ name, learningRates: config[name].learningRates }));
  return [...config.batchSizes]
    .sort((a, b) => a - b)
    .map((batchSize) => ({
      batchSize,
      study: { name: `batch${batchSize}`, contestants, tuningSeeds, extraTrials },
    }));
}

/** Every batch size is tuned for itself; each goes on to its fresh seeds as soon as it can. */
export function cells(plan: Plan, results: Results): readonly TrainingCell[] {
  return studiesOf(plan).flatMap(({ study }) => {
    requireTrials(study, compared, results);
    return studyCells(study, plan.seeds, results);
  });
}

export function countCells(plan: Plan): number {
  return studiesOf(plan).reduce((sum, { study }) => sum + countStudyCells(study, plan), 0);
}
