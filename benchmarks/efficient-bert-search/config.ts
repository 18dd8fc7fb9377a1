import type { Config } from '../../src/experiment/config.ts';
import type { Preset } from '../../src/experiment/experiment.ts';
import { demand, demandCounts } from '../cdape-training/demand.ts';
import { checkLengths, type TrainingLength } from '../efficient-bert-distillation-training/recipe.ts';
import {
  checkStudentChoice,
  SMALL_STUDENT,
  type StudentChoice,
} from '../efficient-bert-distillation-training/student-choice.ts';
import { checkTaskChoice, type TaskChoice } from '../efficient-bert-distillation-training/task-choice.ts';
import {
  checkTeacherChoice,
  SMALL_TEACHER,
  type TeacherChoice,
} from '../efficient-bert-distillation-training/teacher-choice.ts';
import { GENERATED } from '../efficient-bert-glue/config.ts';

/** How many candidates each stage scores. */
export type StageBudgets = {
  readonly 'stage-1': number;
  readonly 'stage-2': number;
  readonly 'stage-3': number;
};

/** Phases of training, the first on texts by attention and hidden states, the second on the task by predictions, too. */
export type TwoPhases = { readonly texts: TrainingLength; readonly task: TrainingLength };

export type SearchConfig = TaskChoice &
  TeacherChoice &
  StudentChoice & {
    /** The authors' behaviour with its quirks, or these mended. */
    readonly faithful: boolean;
    /** Of the supernet. */
    readonly pretraining: TrainingLength;
    /** Of a candidate in stages 1 and 2. */
    readonly candidate: TwoPhases;
    /** Of the shared weights of stage 3, an architecture in each step. */
    readonly shared: TwoPhases;
    /** In place of `heldShare` in stage 3. */
    readonly sharedHeldShare: number;
    /** Of the found student, from the supernet. */
    readonly finalStudent: TwoPhases;
    /** The same student on labels alone. */
    readonly scratch: TrainingLength;
    readonly candidates: StageBudgets;
    /** Before the partition is first learned, as a share of a stage's candidates. */
    readonly initialShare: number;
    /** Candidates between two fits of the partition. */
    readonly interval: number;
    /** Whether as many random candidates are scored beside. */
    readonly random: boolean;
    /** Where the found model is written, in a folder for each cell; empty: nowhere. */
    readonly saveTo: string;
    /** The claim: so many times smaller than the teacher, with such a share of its score. */
    readonly timesSmaller: number;
    readonly shareKept: number;
  };

const length = (epochs: number, learningRate: number, batchSize: number): TrainingLength => ({
  epochs,
  learningRate,
  batchSize,
});

const laptop: SearchConfig = {
  task: 'sst-2',
  dataDir: '',
  rows: 0,
  length: 32,
  vocabulary: 8000,
  heldShare: 0.2,
  teacher: SMALL_TEACHER,
  teacherSizes: { layers: 4, width: 64, heads: 4, hidden: 256, dropout: 0.2 },
  teacherEpochs: 5,
  teacherLearningRate: 1e-3,
  teacherBatchSize: 32,
  student: SMALL_STUDENT,
  studentSizes: {
    layers: 2,
    width: 48,
    heads: 4,
    hidden: 48,
    embeddingWidth: 16,
    positions: 64,
    dropout: 0.1,
  },
  faithful: false,
  pretraining: length(4, 2e-3, 32),
  // So long that recording a candidate's steps takes less than a tenth of its time.
  candidate: { texts: length(0.5, 1e-3, 32), task: length(5, 2e-3, 32) },
  shared: { texts: length(1, 1e-3, 32), task: length(3, 1e-3, 32) },
  sharedHeldShare: 0.2,
  finalStudent: { texts: length(2, 1e-3, 32), task: length(6, 2e-3, 32) },
  scratch: length(6, 2e-3, 32),
  candidates: { 'stage-1': 10, 'stage-2': 4, 'stage-3': 12 },
  initialShare: 0.5,
  interval: 4,
  random: true,
  saveTo: '',
  timesSmaller: 3,
  shareKept: 0.95,
};

export const presets: Readonly<Record<Preset, SearchConfig>> = {
  smoke: {
    ...laptop,
    dataDir: GENERATED,
    length: 16,
    vocabulary: 200,
    teacherSizes: { layers: 2, width: 16, heads: 2, hidden: 32, dropout: 0.1 },
    teacherEpochs: 4,
    teacherLearningRate: 1e-2,
    teacherBatchSize: 16,
    studentSizes: {
      layers: 2,
      width: 12,
      heads: 2,
      hidden: 12,
      embeddingWidth: 8,
      positions: 16,
      dropout: 0.1,
    },
    pretraining: length(1, 1e-2, 16),
    candidate: { texts: length(0.2, 1e-2, 16), task: length(0.5, 1e-2, 16) },
    shared: { texts: length(0.2, 1e-2, 16), task: length(0.5, 1e-2, 16) },
    finalStudent: { texts: length(0.2, 1e-2, 16), task: length(2, 1e-2, 16) },
    scratch: length(2, 1e-2, 16),
    candidates: { 'stage-1': 3, 'stage-2': 2, 'stage-3': 3 },
    interval: 2,
  },
  laptop,
  paper: {
    ...laptop,
    task: 'mnli',
    length: 128,
    heldShare: 0.01,
    teacher: './bert-base-uncased',
    teacherEpochs: 3,
    teacherLearningRate: 3e-5,
    teacherBatchSize: 32,
    student: 'efficient-bert',
    faithful: true,
    pretraining: length(10, 1e-4, 256),
    candidate: { texts: length(0.02, 1e-4, 128), task: length(0.3, 4e-4, 128) },
    shared: { texts: length(10, 1e-4, 128), task: length(10, 4e-4, 128) },
    sharedHeldShare: 0.1,
    finalStudent: { texts: length(10, 1e-4, 256), task: length(10, 5e-5, 32) },
    scratch: length(10, 5e-5, 32),
    // As the authors have it: until somebody stops it.
    candidates: { 'stage-1': 1_000_000, 'stage-2': 1_000_000, 'stage-3': 1_000_000 },
    initialShare: 80 / 1_000_000,
    interval: 10,
    random: false,
  },
};

export function check(config: SearchConfig): void {
  checkTaskChoice(config);
  checkTeacherChoice(config);
  checkStudentChoice(config);
  checkLengths(config as Config, ['pretraining', 'scratch']);
  for (const name of ['candidate', 'shared', 'finalStudent'] as const)
    checkLengths(config[name] as Config, ['texts', 'task']);
  demandCounts(config.candidates, ['stage-1', 'stage-2', 'stage-3']);
  demandCounts(config, ['interval']);
  const { initialShare, sharedHeldShare, timesSmaller, shareKept } = config;
  demand(
    sharedHeldShare > 0 && sharedHeldShare < 1,
    'sharedHeldShare',
    sharedHeldShare,
    'above 0 and below 1',
  );
  demand(initialShare > 0 && initialShare <= 1, 'initialShare', initialShare, 'above 0 and at most 1');
  demand(timesSmaller > 0, 'timesSmaller', timesSmaller, 'above 0');
  demand(shareKept > 0 && shareKept <= 1, 'shareKept', shareKept, 'above 0 and at most 1');
}
