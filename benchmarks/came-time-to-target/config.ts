import type { TextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { CellsPlan, Preset } from '../../src/experiment/experiment.ts';
import {
  type ContestantSettings,
  contestantNames,
  contestantSettings,
  withGrids,
} from '../came-training/contestants.ts';
import { loadCorpus } from '../came-training/corpus.ts';
import { widened } from '../came-training/rates.ts';
import {
  checkContestants,
  checkTask,
  demand,
  type TaskConfig,
  type TuningConfig,
  tasks,
} from '../came-training/task.ts';
import type { Study } from '../came-training/tuning.ts';
import { type WorkloadName, workloadNames, workloads } from './workloads.ts';

export type CameTimeToTargetConfig = Config &
  Omit<TaskConfig, 'model'> &
  TuningConfig & {
    /** What is trained: see workloads.ts. The sizes above are those of the plain ones. */
    readonly workloads: readonly string[];
    readonly contestants: readonly string[];
    /** The target is the loss of AdamW's best trial plus this, in nats. Set before any run. */
    readonly margin: number;
    /** How many times AdamW's steps CAME may take. Set before any run. */
    readonly ratioLimit: number;
  } & ContestantSettings;

/** What the claim is about. */
export const compared = ['adamw', 'came'] as const;

const { model: _, ...laptopTask } = tasks.laptop;

const laptop: CameTimeToTargetConfig = {
  ...laptopTask,
  tuningSeeds: 1,
  extraTrials: 1,
  workloads: ['lm', 'bert'],
  contestants: [...compared, 'adafactor-momentum'],
  margin: 0.02,
  ratioLimit: 1.1,
  ...contestantSettings,
};

export const presets: Readonly<Record<Preset, CameTimeToTargetConfig>> = {
  smoke: {
    ...laptop,
    ...withoutModel(tasks.smoke),
    extraTrials: 0,
    contestants: [...compared],
    ...withGrids(contestantSettings, (grid) => grid.slice(0, 2)),
  },
  laptop,
  paper: {
    ...laptop,
    ...withoutModel(tasks.paper),
    tuningSeeds: 3,
    extraTrials: 4,
    workloads: [...workloadNames],
    contestants: [...contestantNames],
    ...withGrids(contestantSettings, (grid) => widened(grid, 4, 0)),
  },
};

export function check(config: CameTimeToTargetConfig, data: TextFile | undefined): void {
  const chosen = config.workloads;
  for (const name of chosen) {
    const known: readonly string[] = workloadNames;
    demand(known.includes(name), 'workloads', name, `among ${known.join(', ')}`);
    checkTask({ ...config, ...taskOf(config, name as WorkloadName) });
  }
  if (chosen.length === 0 || new Set(chosen).size !== chosen.length)
    throw new UserError('workloads must hold at least one name, each once.');
  demand(config.margin > 0, 'margin', config.margin, 'above 0');
  demand(config.ratioLimit > 0, 'ratioLimit', config.ratioLimit, 'above 0');
  checkContestants(config.contestants, compared, config);
  const context = Math.max(...chosen.map((name) => taskOf(config, name as WorkloadName).context));
  loadCorpus({ ...config, context }, data);
}

export function taskOf(config: CameTimeToTargetConfig, workload: WorkloadName): TaskConfig {
  return workloads[workload].of({ ...config, model: 'lm' });
}

export interface WorkloadStudy {
  readonly workload: WorkloadName;
  readonly study: Study;
}

export function studiesOf({ config }: Pick<CellsPlan<CameTimeToTargetConfig>, 'config'>): WorkloadStudy[] {
  const { tuningSeeds, extraTrials } = config;
  const contestants = contestantNames
    .filter((name) => config.contestants.includes(name))
    .map((name) => ({ name, learningRates: config[name].learningRates }));
  return workloadNames
    .filter((name) => config.workloads.includes(name))
    .map((workload) => ({ workload, study: { name: workload, contestants, tuningSeeds, extraTrials } }));
}

function withoutModel({ model: _, ...task }: TaskConfig): Omit<TaskConfig, 'model'> {
  return task;
}
