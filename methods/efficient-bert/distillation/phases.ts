import type { DistillationPhase } from '../search/candidate-training.ts';

const FOUR_GPUS = { pretraining: 4 * 64, task: 4 * 8 };

/**
 * What the authors train final models with, phase by phase, in order of use; the phases of the search are `TRAINED_CANDIDATES` and
 * `SHARED_CANDIDATES`. All other settings: `DISTILLATION_SETTINGS`.
 */
export const DISTILLATION_PHASES = {
  /** For the first two stages of the search. */
  supernet: {
    data: 'Wikipedia',
    share: 1,
    epochs: 10,
    peakLearningRate: 1e-4,
    batchSize: FOUR_GPUS.pretraining,
    losses: 'hidden',
  },
  /** For the third stage, and for the final models. */
  'supernet on both': {
    data: 'Wikipedia and Books',
    share: 1,
    epochs: 10,
    peakLearningRate: 1e-4,
    batchSize: FOUR_GPUS.pretraining,
    losses: 'hidden',
  },
  /** EfficientBERT, -TINY, ++, from the supernet's weights. */
  pretraining: {
    data: 'Wikipedia and Books',
    share: 1,
    epochs: 10,
    peakLearningRate: 1e-4,
    batchSize: FOUR_GPUS.pretraining,
    losses: 'hidden',
  },
  /** EfficientBERT(TinyBERT6), from random weights. */
  'pretraining of TinyBERT6': {
    data: 'Wikipedia',
    share: 1,
    epochs: 3,
    peakLearningRate: 1e-4,
    batchSize: FOUR_GPUS.pretraining,
    losses: 'hidden',
  },
  glue: {
    data: 'GLUE',
    share: 1,
    epochs: 10,
    peakLearningRate: 5e-5,
    batchSize: FOUR_GPUS.task,
    losses: 'hidden and predictions',
  },
  cola: {
    data: 'CoLA',
    share: 1,
    epochs: 50,
    peakLearningRate: 5e-5,
    batchSize: FOUR_GPUS.task,
    losses: 'hidden and predictions',
  },
  squad: {
    data: 'SQuAD',
    share: 1,
    epochs: 10,
    peakLearningRate: 1e-4,
    batchSize: FOUR_GPUS.task,
    losses: 'hidden and predictions',
  },
} as const satisfies Record<string, DistillationPhase>;
