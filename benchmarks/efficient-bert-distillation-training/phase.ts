import {
  type Distillable,
  Distillation,
  type Distilled,
  type DistilledParts,
  distil,
  distillationOptimizer,
  exampleBatches,
  stepsOf,
  textBatches,
} from '../../methods/efficient-bert/distillation/index.ts';
import type { EncoderModel } from '../../src/bert/index.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import type { ExampleSet, GlueEvaluation } from '../../src/tasks/index.ts';
import type { Training } from './fine-tuned.ts';
import type { TrainingLength } from './recipe.ts';
import type { LabelledSet, TaskData } from './task-data.ts';
import { makeJudge, type TaskHead, taskModelOf } from './task-head.ts';

/** One phase of distillation as all parts of a pipeline run it. */
export interface Phase {
  readonly teacher: Distillable;
  readonly data: PhaseData;
  readonly length: TrainingLength;
  readonly streams: RandomStreams;
  /** The authors' behaviour with its quirks, or these mended. */
  readonly faithful: boolean;
  /** Whether candidates of a search are trained. Default false. */
  readonly searching?: boolean;
  /** Undefined: nothing is kept on the disk. */
  readonly folder: string | undefined;
  /** Called before each step, from 0. */
  readonly beforeStep?: (step: number) => void;
  /** Called after each step. */
  readonly onStep?: () => void;
}

/** What phases need of their data. */
export type PhaseData = Pick<TaskData, 'text' | 'tokenizer' | 'length'>;

export type PhaseTraining = Omit<Training, 'folder'>;

/** Teaches attention and hidden states on the texts. @throws Interrupted after saving */
export async function distilOnTexts(
  student: EncoderModel,
  phase: Phase,
  training: PhaseTraining,
): Promise<Distilled> {
  const { text, tokenizer } = phase.data;
  const batches = textBatches({
    text,
    tokenizer,
    batchSize: phase.length.batchSize,
    length: phase.data.length,
    seed: training.seed,
    ...(phase.faithful && { layout: 'random pairs' }),
  });
  return runPhase(student, 'hidden', phase, training, batches);
}

export interface TaskPhase extends Phase {
  readonly data: TaskData;
  /** What is trained on. */
  readonly examples: ExampleSet;
  /** What is judged by, so often. */
  readonly judgedBy: LabelledSet;
  readonly evaluations: number;
  /** `best` needs a folder. */
  readonly keep: 'best' | 'last';
  /** Default attention, hidden states and predictions. */
  readonly losses?: DistilledParts;
}

/** Teaches a task, predictions included. @throws Interrupted after saving */
export async function distilOnTask(
  student: TaskHead,
  phase: TaskPhase,
  training: PhaseTraining,
): Promise<Distilled<GlueEvaluation>> {
  const { data, length, examples, judgedBy, evaluations, keep, losses = 'hidden and predictions' } = phase;
  const { targetType } = taskModelOf(student);
  const batches = exampleBatches({ examples, batchSize: length.batchSize, seed: training.seed, targetType });
  const judge = makeJudge(student, data.task, length.batchSize);
  try {
    return await runPhase(student, losses, phase, training, batches, {
      every: Math.ceil(stepsOf(batches, length.epochs) / evaluations),
      run: () => judge.judge(judgedBy),
      keep,
      ...(keep === 'best' && { tokenizer: data.tokenizer }),
    });
  } finally {
    judge.dispose();
  }
}

async function runPhase(
  student: TaskHead | EncoderModel,
  losses: DistilledParts,
  phase: Phase,
  training: PhaseTraining,
  batches: ReturnType<typeof exampleBatches>,
  evaluation?: Parameters<typeof distil<GlueEvaluation>>[0]['evaluation'],
): Promise<Distilled<GlueEvaluation>> {
  const { teacher, length, streams, faithful, searching = false, folder, beforeStep, onStep } = phase;
  const { label, identity, progress, signal } = training;
  const mode = faithful ? 'faithful' : 'mended';
  const steps = stepsOf(batches, length.epochs);
  const optimizer = distillationOptimizer({ peakLearningRate: length.learningRate, steps, mode });
  let announced = steps;
  try {
    const distilled = await distil<GlueEvaluation>({
      distillation: new Distillation({ teacher, student, losses, mode, searching }),
      batches,
      optimizer,
      streams,
      steps,
      ...(evaluation && { evaluation }),
      folder,
      ...(folder !== undefined && { checkpointEvery: Math.ceil(steps / 5) }),
      identity,
      ...(beforeStep && { beforeStep }),
      onContinue: (step) => {
        announced = steps - step;
      },
      onMetrics: ({ step, loss }) => {
        if (announced > 0) progress.expect(announced);
        announced = 0;
        progress.advance({ label, step, steps, values: { loss } });
        onStep?.();
      },
      signal,
    });
    if (distilled.outcome === 'interrupted') throw new Interrupted();
    return distilled;
  } finally {
    optimizer.dispose();
  }
}
