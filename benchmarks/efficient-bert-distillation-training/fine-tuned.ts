import { Interrupted } from '../../src/experiment/experiment.ts';
import type { Progress } from '../../src/experiment/progress.ts';
import { AdamW, noDecayOnVectors } from '../../src/optimizers/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import { fineTune } from '../../src/tasks/index.ts';
import { type Json, scheduleFrom } from '../../src/training/index.ts';
import { shownTuning } from '../efficient-bert-models/shown-tuning.ts';
import type { TrainingLength } from './recipe.ts';
import type { TaskData } from './task-data.ts';
import { makeJudge, type TaskHead, taskModelOf } from './task-head.ts';

/** Where and how something is trained. */
export interface Training {
  /** For checkpoints; what an earlier process left there is continued. */
  readonly folder: string;
  readonly seed: number;
  /** In front of every line of progress. */
  readonly label: string;
  /** What checkpoints must agree with to be continued. */
  readonly identity: Json;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Trained {
  /** On the dev set, of the best of the evaluations; 0 where the training diverged. */
  readonly score: number;
  readonly seconds: number;
  /** Why there is no score, or null. */
  readonly failure: string | null;
}

const EVALUATIONS = 5;

/** Trains a model on the labels of the whole training set, without a teacher. @throws Interrupted after saving */
export async function fineTuned(
  model: TaskHead,
  { task, train, dev, tokenizer }: TaskData,
  { epochs, learningRate: peak, batchSize }: TrainingLength,
  { streams, ...training }: Training & { readonly streams: RandomStreams },
): Promise<Trained> {
  const { folder, seed, label, identity, progress, signal } = training;
  const steps = Math.max(1, Math.round((epochs * train.size) / batchSize));
  const learningRate = scheduleFrom({ kind: 'linear', peak, warmup: Math.round(0.1 * steps), total: steps });
  const optimizer = new AdamW({ learningRate, weightDecay: 0.01, decay: noDecayOnVectors });
  const judge = makeJudge(model, task, batchSize);
  try {
    const tuned = await fineTune({
      task: taskModelOf(model),
      optimizer,
      streams,
      examples: train,
      batchSize,
      seed,
      steps,
      every: Math.ceil(steps / EVALUATIONS),
      evaluate: () => judge.judge(dev),
      folder,
      identity,
      tokenizer,
      ...shownTuning(progress, label, steps),
      signal,
    });
    if (tuned.outcome === 'interrupted') throw new Interrupted();
    if (tuned.failure) progress.note(`${label}: ${tuned.failure.what}`);
    const { best, failure } = tuned;
    const score = failure === undefined ? (best?.evaluation.selection ?? 0) : 0;
    return { score, seconds: tuned.seconds, failure: failure?.what ?? null };
  } finally {
    judge.dispose();
    optimizer.dispose();
  }
}
