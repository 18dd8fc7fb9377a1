import type { TextFile } from '../../src/data/text-file.ts';
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

/** All settings of came-convergence. What all contestants share stands outside their records. */
export type CameConvergenceConfig = TaskConfig &
  TuningConfig & {
    /** Who takes part; AdamW and CAME, which the claim is about, always. */
    readonly contestants: readonly string[];
    /**
     * How much worse than AdamW, in nats, still counts as converging alike. Set before any run. The target of the times is AdamW's mean
     * loss plus this.
     */
    readonly margin: number;
    /** The largest share of AdamW's state that still counts as about half. */
    readonly stateLimit: number;
  } & ContestantSettings;

/** What the claim is about. */
export const compared = ['adamw', 'came'] as const;

const laptop: CameConvergenceConfig = {
  ...tasks.laptop,
  tuningSeeds: 1,
  extraTrials: 2,
  // Beside the two of the claim, those with about as little state as CAME.
  contestants: [...compared, 'adafactor-momentum'],
  margin: 0.02,
  stateLimit: 0.55,
  ...contestantSettings,
};

export const presets: Readonly<Record<Preset, CameConvergenceConfig>> = {
  smoke: {
    ...laptop,
    ...tasks.smoke,
    extraTrials: 0,
    contestants: [...compared],
    ...withGrids(contestantSettings, (grid) => grid.slice(0, 2)),
  },
  laptop,
  paper: {
    ...laptop,
    ...tasks.paper,
    tuningSeeds: 3,
    extraTrials: 4,
    contestants: [...contestantNames],
    // Seven rates each; a larger model wants lower ones.
    ...withGrids(contestantSettings, (grid) => widened(grid, 4, 0)),
  },
};

/** Refuses settings that the run could not use, naming the one that is wrong; and a text that is too short. */
export function check(config: CameConvergenceConfig, data: TextFile | undefined): void {
  const { margin, stateLimit } = config;
  checkTask(config);
  demand(margin > 0, 'margin', margin, 'above 0');
  demand(stateLimit > 0, 'stateLimit', stateLimit, 'above 0');
  checkContestants(config.contestants, compared, config);
  loadCorpus(config, data);
}

export function studyOf({ config }: Pick<CellsPlan<CameConvergenceConfig>, 'config'>): Study {
  const { tuningSeeds, extraTrials } = config;
  const contestants = contestantNames
    .filter((name) => config.contestants.includes(name))
    .map((name) => ({ name, learningRates: config[name].learningRates }));
  return { contestants, tuningSeeds, extraTrials };
}
