import { type EncoderModel, SequenceClassifier, SequenceRegressor } from '../../src/bert/index.ts';
import type { GlueTask } from '../../src/data/glue/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import {
  classificationTask,
  evaluateGlue,
  type GlueEvaluation,
  makeOutputReader,
  regressionTask,
  type TaskModel,
} from '../../src/tasks/index.ts';
import type { LabelledSet } from './task-data.ts';

/** A classifier or a regression, whichever the task is. */
export type TaskHead = SequenceClassifier | SequenceRegressor;

export function headOf(task: GlueTask, encoder: EncoderModel, streams: RandomStreams): TaskHead {
  return task.classes === null
    ? new SequenceRegressor(encoder, streams)
    : new SequenceClassifier(encoder, task.classes, streams);
}

export function taskModelOf(model: TaskHead): TaskModel {
  return model instanceof SequenceRegressor ? regressionTask(model) : classificationTask(model);
}

/** Evaluation needs no gradients, and so less memory. */
const evaluationFactor = 4;

/** Tells what a model is worth; compiled once. */
export interface Judge {
  /** @throws the signal's reason where it is aborted */
  judge(set: LabelledSet, signal?: AbortSignal): Promise<GlueEvaluation>;
  /** The model remains its owner's. */
  dispose(): void;
}

export function makeJudge(model: TaskHead, task: GlueTask, batchSize: number): Judge {
  const read = makeOutputReader(taskModelOf(model), evaluationFactor * batchSize);
  return {
    judge: async ({ examples, labels }, signal) => evaluateGlue(task, await read(examples, signal), labels),
    dispose: () => read.dispose(),
  };
}
