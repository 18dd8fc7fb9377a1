import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { loadWeights, saveModel } from '../bert/index.ts';
import type { WordPieceTokenizer } from '../data/index.ts';
import type { RandomStreams } from '../random/index.ts';
import {
  findNonFinite,
  type Json,
  latestCheckpoint,
  loadCheckpoint,
  makeTrainStep,
  NonFiniteError,
  type StepMetrics,
  saveCheckpoint,
  TrainingProgress,
  train,
} from '../training/index.ts';
import { type ExampleSet, packExamples, ShuffledBatches } from './examples.ts';
import type { TaskModel } from './task-model.ts';

/** What an evaluation says; plain JSON. */
export interface Evaluation {
  /** By which the best weights are chosen: more is better. */
  readonly selection: number;
  /** On the same examples. */
  readonly loss: number;
}

export interface FineTuneOptions<E extends Evaluation> {
  readonly task: TaskModel;
  /** With its schedule. */
  readonly optimizer: tf.Optimizer;
  /** Saved with the model: what dropout draws from. */
  readonly streams: RandomStreams;
  readonly examples: ExampleSet;
  readonly batchSize: number;
  /** Of the order of the examples. */
  readonly seed: number;
  readonly steps: number;
  /** Largest global norm of the gradients. Default 1. */
  readonly clipNorm?: number;
  /** After steps that are a multiple of `every`, and after the last; a checkpoint is written each time. */
  readonly every: number;
  readonly evaluate: () => Promise<E>;
  /** For checkpoints and the best weights; may not exist yet, and what an earlier process left there is continued. */
  readonly folder: string;
  /** What a checkpoint must agree with to be continued. */
  readonly identity: Json;
  /** Saved with the best weights. */
  readonly tokenizer: WordPieceTokenizer;
  /** See `TrainOptions`. Default 1. */
  readonly readEvery?: number;
  readonly onMetrics?: (metrics: StepMetrics) => void;
  readonly onEvaluation?: (step: number, evaluation: E) => void;
  /** An earlier process left a checkpoint after so many steps. */
  readonly onContinue?: (step: number, changedVersions: readonly string[]) => void;
  /** Once aborted, the step in flight is finished and a checkpoint written. */
  readonly signal?: AbortSignal;
}

export interface FineTuningPoint {
  /** Steps done. */
  readonly step: number;
  /** Mean training loss since the point before. */
  readonly training: number;
  /** Of the evaluation. */
  readonly loss: number;
  readonly selection: number;
}

export interface FineTuned<E> {
  readonly outcome: 'finished' | 'interrupted' | 'diverged';
  /** Where and what stopped being a number; undefined unless it diverged. */
  readonly failure: { readonly step: number; readonly what: string } | undefined;
  readonly curve: readonly FineTuningPoint[];
  /** Undefined where no evaluation was reached. */
  readonly best: { readonly step: number; readonly evaluation: E } | undefined;
  /** Of training, evaluation included, in all processes that had a part in it. */
  readonly seconds: number;
}

interface Measured<E> {
  readonly curve: readonly FineTuningPoint[];
  readonly lossSum: number;
  readonly lossCount: number;
  readonly best: FineTuned<E>['best'] | null;
  readonly seconds: number;
}

/**
 * Fine-tunes an encoder with a head, each step captured and with dropout, and puts the weights that did best on the evaluation into
 * the model: those of the first of equally good ones. (EfficientBERT's code starts from a best score of 0, and so may keep none.)
 *
 * A run that is interrupted and continued ends with the same weights as one that is not, to the last bit.
 */
export async function fineTune<E extends Evaluation>(options: FineTuneOptions<E>): Promise<FineTuned<E>> {
  const { task, optimizer, streams, steps, batchSize, every, identity, signal, readEvery = 1 } = options;
  const started = performance.now();
  const progress = new TrainingProgress<Measured<E>>(join(options.folder, 'training'));
  const bestFolder = join(options.folder, 'best');
  const checkpointed = { model: task.model, optimizer, streams, config: identity };
  let startStep = 0;
  let measured: Measured<E> = { curve: [], lossSum: 0, lossCount: 0, best: null, seconds: 0 };
  if ((await latestCheckpoint(progress.checkpoints)) !== undefined) {
    const loaded = await loadCheckpoint(progress.checkpoints, checkpointed);
    startStep = loaded.step;
    measured = progress.load(startStep);
    options.onContinue?.(startStep, loaded.changedVersions);
  }
  const curve = [...measured.curve];
  let { lossSum, lossCount } = measured;
  let best = measured.best ?? undefined;
  let evaluation: E | undefined;
  const seconds = () => measured.seconds + (performance.now() - started) / 1000;

  const batches = new ShuffledBatches(options.examples.size, batchSize, options.seed);
  let drawn = startStep;
  const step = makeTrainStep({ model: task, optimizer, clipNorm: options.clipNorm ?? 1, batchShapes: 1 });
  try {
    const result = await train({
      step,
      nextBatch: () => {
        const examples = batches.indices(drawn++).map((index) => options.examples.at(index));
        return packExamples(examples, task.targetType);
      },
      steps,
      startStep,
      readEvery,
      onMetrics: (metrics) => {
        lossSum += metrics.loss;
        lossCount++;
        options.onMetrics?.(metrics);
      },
      evaluation: {
        every,
        run: async () => {
          evaluation = await options.evaluate();
          return evaluation.loss;
        },
        onLoss: async (done, loss) => {
          const found = evaluation as E;
          const { selection } = found;
          curve.push({ step: done, training: lossSum / lossCount, loss, selection });
          [lossSum, lossCount] = [0, 0];
          options.onEvaluation?.(done, found);
          if (best !== undefined && !(selection > best.evaluation.selection)) return;
          best = { step: done, evaluation: found };
          await saveModel(bestFolder, task.model, options.tokenizer);
        },
      },
      checkpoint: {
        every,
        save: (done) =>
          progress.save(done, { curve, lossSum, lossCount, best: best ?? null, seconds: seconds() }, () =>
            saveCheckpoint(progress.checkpoints, { ...checkpointed, step: done }),
          ),
      },
      diagnose: () => findNonFinite(task, optimizer),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (error instanceof NonFiniteError) return error;
      throw error;
    });
    const failure =
      result instanceof NonFiniteError ? { step: result.step, what: result.message } : undefined;
    const outcome = result instanceof NonFiniteError ? 'diverged' : result.outcome;
    if (outcome === 'finished' && best !== undefined) await loadWeights(task.model, bestFolder);
    return { outcome, failure, curve, best, seconds: seconds() };
  } finally {
    step.dispose();
  }
}
