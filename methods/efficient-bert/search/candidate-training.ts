import type { Schedule } from '../../../src/training/index.ts';

/** One phase of distillation. */
export interface DistillationPhase {
  readonly data: string;
  /** Share of the data, from the front, that is trained on. */
  readonly share: number;
  readonly epochs: number;
  readonly peakLearningRate: number;
  readonly batchSize: number;
  /** Losses on attention scores and hidden states, or these and that on predictions. */
  readonly losses: 'hidden' | 'hidden and predictions';
}

/** How candidates come to a score in the authors' search: two GPUs with batches of 64 each. */
export interface CandidateScoring {
  readonly phases: readonly DistillationPhase[];
  readonly task: string;
  /** Share of the task's training set, from the back, on which accuracy is the score; the best epoch counts. */
  readonly validationShare: number;
}

const BATCH = 2 * 64;

/** First and second stage: each candidate is trained, from the weights of a pre-trained supernet. */
export const TRAINED_CANDIDATES: CandidateScoring = {
  phases: [
    {
      data: 'Wikipedia',
      share: 0.02,
      epochs: 1,
      peakLearningRate: 1e-4,
      batchSize: BATCH,
      losses: 'hidden',
    },
    {
      data: 'MNLI',
      share: 0.1,
      epochs: 3,
      peakLearningRate: 4e-4,
      batchSize: BATCH,
      losses: 'hidden and predictions',
    },
  ],
  task: 'MNLI',
  validationShare: 0.01,
};

/** Third stage: the phases train the shared weights once, a random candidate in each step; candidates are evaluated only. */
export const SHARED_CANDIDATES: CandidateScoring = {
  phases: [
    {
      data: 'Wikipedia and Books',
      share: 1,
      epochs: 10,
      peakLearningRate: 1e-4,
      batchSize: BATCH,
      losses: 'hidden',
    },
    {
      data: 'eight GLUE tasks',
      share: 0.9,
      epochs: 10,
      peakLearningRate: 4e-4,
      batchSize: BATCH,
      losses: 'hidden and predictions',
    },
  ],
  task: 'MNLI',
  validationShare: 0.1,
};

/** What all phases share. */
export const DISTILLATION_SETTINGS = {
  /** τ of the predictions. */
  temperature: 1,
  hiddenRatio: 1,
  predictionRatio: 1,
  warmupShare: 0.1,
  weightDecay: 0.01,
  maxGradientNorm: 1,
} as const;

/**
 * The authors' schedule: linear from 0 to the peak, then linear to 0. Its first update has the rate 0, where
 * `scheduleFrom({kind: 'linear'})` is a step ahead.
 */
export function lostFirstStepSchedule(peak: number, warmup: number, total: number): Schedule {
  return (step) => {
    if (step < warmup) return (peak * step) / Math.max(1, warmup);
    return peak * Math.max(0, (total - step) / Math.max(1, total - warmup));
  };
}
