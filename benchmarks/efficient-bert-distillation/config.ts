import type { Config } from '../../src/experiment/config.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { checkLengths, type TrainingLength } from '../efficient-bert-distillation-training/recipe.ts';
import {
  checkStudentChoice,
  type StudentChoice,
} from '../efficient-bert-distillation-training/student-choice.ts';
import { checkTaskChoice, type TaskChoice } from '../efficient-bert-distillation-training/task-choice.ts';
import {
  checkTeacherChoice,
  type TeacherChoice,
} from '../efficient-bert-distillation-training/teacher-choice.ts';
import { presets as searchPresets } from '../efficient-bert-search/config.ts';
import { checkWays } from './ways.ts';

export type DistillationConfig = TaskChoice &
  TeacherChoice &
  StudentChoice & {
    /** The authors' behaviour with its quirks, or these mended. */
    readonly faithful: boolean;
    /** Of the supernet, for warm-up distillation. */
    readonly pretraining: TrainingLength;
    /** Of a student on texts, for warm-up distillation. */
    readonly texts: TrainingLength;
    /** Budgets: epochs of the task, each a training of its own. */
    readonly epochs: readonly number[];
    /** Of the task, with a teacher and on labels alone. */
    readonly learningRate: number;
    readonly scratchLearningRate: number;
    readonly batchSize: number;
    /** Which ways are compared; empty: all. */
    readonly ways: readonly string[];
    /** Where the models of the largest budget are written, in a folder for each cell; empty: nowhere. */
    readonly saveTo: string;
    /** The claim: so many times smaller and faster than the teacher, with such a share of its score; 0: not claimed. */
    readonly timesSmaller: number;
    readonly timesFaster: number;
    readonly shareKept: number;
  };

function from(preset: Preset): DistillationConfig {
  const {
    candidate: _,
    shared: __,
    finalStudent,
    scratch,
    candidates: ___,
    initialShare: ____,
    interval: _____,
    random: ______,
    ...rest
  } = searchPresets[preset];
  return {
    ...rest,
    texts: finalStudent.texts,
    epochs: [1, 3, finalStudent.task.epochs],
    learningRate: finalStudent.task.learningRate,
    scratchLearningRate: scratch.learningRate,
    batchSize: finalStudent.task.batchSize,
    ways: [],
    timesFaster: 0,
  };
}

export const presets: Readonly<Record<Preset, DistillationConfig>> = {
  smoke: { ...from('smoke'), epochs: [1, 2] },
  laptop: from('laptop'),
  paper: { ...from('paper'), epochs: [10] },
};

const minilm: DistillationConfig = {
  ...presets.laptop,
  length: 48,
  teacher: 'all-minilm-l6-v2',
  teacherEpochs: 3,
  teacherLearningRate: 5e-5,
  studentSizes: {
    layers: 6,
    width: 288,
    heads: 12,
    hidden: 288,
    embeddingWidth: 128,
    positions: 128,
    dropout: 0.1,
  },
  pretraining: { epochs: 3, learningRate: 1e-3, batchSize: 32 },
  texts: { epochs: 2, learningRate: 5e-4, batchSize: 32 },
  epochs: [6],
  learningRate: 5e-4,
  scratchLearningRate: 5e-4,
  ways: ['scratch', 'task', 'warm-up'],
  timesSmaller: 2,
  timesFaster: 2,
  shareKept: 0,
};

/** With a pre-trained teacher, fine-tuned on the task first. */
export const minilmPresets: Readonly<Record<Preset, DistillationConfig>> = {
  smoke: { ...presets.smoke, ways: minilm.ways, timesSmaller: 2, timesFaster: 2, shareKept: 0 },
  laptop: minilm,
  paper: { ...presets.paper, ways: minilm.ways },
};

export function check(config: DistillationConfig): void {
  checkTaskChoice(config);
  checkTeacherChoice(config);
  checkStudentChoice(config);
  checkLengths(config as Config, ['pretraining', 'texts']);
  checkWays(config.ways);
  demandCounts(config, ['batchSize']);
  const { epochs, learningRate, scratchLearningRate, timesSmaller, timesFaster, shareKept } = config;
  demand(epochs.length > 0 && epochs.every((count) => count > 0), 'epochs', epochs, 'numbers above 0');
  demand(learningRate > 0, 'learningRate', learningRate, 'above 0');
  demand(scratchLearningRate > 0, 'scratchLearningRate', scratchLearningRate, 'above 0');
  for (const [key, value] of Object.entries({ timesSmaller, timesFaster, shareKept }))
    demand(value >= 0, key, value, 'at least 0');
}
