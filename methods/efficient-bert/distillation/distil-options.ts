import type * as tf from '@tensorflow/tfjs';
import type { WordPieceTokenizer } from '../../../src/data/index.ts';
import type { RandomStreams } from '../../../src/random/index.ts';
import type { Evaluation } from '../../../src/tasks/index.ts';
import type { Json, StepMetrics } from '../../../src/training/index.ts';
import type { BatchSource } from './batches.ts';
import type { Distillation } from './distillation.ts';

/** As of any training, and the parts of the loss. */
export interface DistillationMetrics extends StepMetrics {
  /** L_attn of the batch before the update; 0 where it takes no part. */
  readonly attention: number;
  /** L_hidd */
  readonly hidden: number;
  /** L_pred */
  readonly prediction: number;
}

export interface DistilOptions<E extends Evaluation = Evaluation> {
  readonly distillation: Distillation;
  readonly batches: BatchSource;
  /** With its schedule: `distillationOptimizer`. */
  readonly optimizer: tf.Optimizer;
  /** Saved with the student: what dropout draws from. */
  readonly streams: RandomStreams;
  readonly steps: number;
  /** Largest global norm of the gradients. Default 1. */
  readonly clipNorm?: number | undefined;
  /** Called before each step, counted from 0: a shared supernet chooses its sub-network here (`SubNetworkSampler`). */
  readonly beforeStep?: ((step: number) => void) | undefined;
  readonly evaluation?: {
    /** After steps that are a multiple of it, and after the last. */
    readonly every: number;
    readonly run: () => Promise<E>;
    /** Which weights the student ends with: those of the best evaluation, the first among equals, or the last. Default `last`. */
    readonly keep?: 'best' | 'last';
    /** Saved with the best weights. */
    readonly tokenizer?: WordPieceTokenizer;
  };
  /**
   * For checkpoints and the best weights; may not exist yet, and what an earlier process left there is continued, or, where it
   * came to its end, its weights taken. Default: none are written.
   */
  readonly folder?: string | undefined;
  /** A checkpoint after steps that are a multiple of it, besides after evaluations, after the last and when interrupted. */
  readonly checkpointEvery?: number | undefined;
  /** What a checkpoint must agree with to be continued. */
  readonly identity?: Json | undefined;
  /** See `TrainOptions`. Default 1. */
  readonly readEvery?: number | undefined;
  readonly onMetrics?: ((metrics: DistillationMetrics) => void) | undefined;
  readonly onEvaluation?: ((step: number, evaluation: E) => void) | undefined;
  /** An earlier process left a checkpoint after so many steps. */
  readonly onContinue?: ((step: number, changedVersions: readonly string[]) => void) | undefined;
  /** Once aborted, the step in flight is finished and a checkpoint written. */
  readonly signal?: AbortSignal | undefined;
}

/** Mean losses since the point before. */
export interface DistillationPoint {
  /** Steps done. */
  readonly step: number;
  /** L */
  readonly loss: number;
  readonly attention: number;
  readonly hidden: number;
  readonly prediction: number;
  /** Of the evaluation; undefined where there was none. */
  readonly selection?: number;
}

export interface Distilled<E extends Evaluation = Evaluation> {
  readonly outcome: 'finished' | 'interrupted' | 'diverged';
  /** Where and what stopped being a number; undefined unless it diverged. */
  readonly failure: { readonly step: number; readonly what: string } | undefined;
  /** Steps done, in all processes. */
  readonly step: number;
  /** At evaluations, or without them where checkpoints are due; after the last step in any case. */
  readonly curve: readonly DistillationPoint[];
  /** Undefined where no evaluation was reached. */
  readonly best: { readonly step: number; readonly evaluation: E } | undefined;
  /** Of training, evaluation included, in all processes that had a part in it. */
  readonly seconds: number;
}
