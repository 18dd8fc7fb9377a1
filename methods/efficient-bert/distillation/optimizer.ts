import { AdamW, noDecayOnVectors } from '../../../src/optimizers/index.ts';
import { type Schedule, scheduleFrom } from '../../../src/training/index.ts';
import { DISTILLATION_SETTINGS, lostFirstStepSchedule } from '../search/candidate-training.ts';
import { DISTILLATION_MODES, type DistillationMode } from './modes.ts';

export interface DistillationOptimizerOptions {
  /** η after the warm-up. */
  readonly peakLearningRate: number;
  /** T, of the whole phase. */
  readonly steps: number;
  /** Linear warm-up over ⌊share·T⌋ steps, then linear decay to 0. Default 0.1. */
  readonly warmupShare?: number | undefined;
  /** λ, decoupled. Default 0.01. */
  readonly weightDecay?: number | undefined;
  /** Default `mended`. */
  readonly mode?: DistillationMode | undefined;
}

/** The learning rate of each step from 0; in faithful mode the first is 0, and with it the first update lost. */
export function distillationSchedule(options: DistillationOptimizerOptions): Schedule {
  const { peakLearningRate: peak, steps: total, mode = 'mended' } = options;
  const { warmupShare = DISTILLATION_SETTINGS.warmupShare } = options;
  const warmup = Math.floor(warmupShare * total);
  return DISTILLATION_MODES[mode].firstStep === 'lost'
    ? lostFirstStepSchedule(peak, warmup, total)
    : scheduleFrom({ kind: 'linear', peak, warmup, total });
}

/**
 * AdamW (β 0.9, 0.999, ε 1e-8) with that schedule. The two groups of the authors' code: no decay for biases and LayerNorms, which
 * are the vectors here.
 */
export function distillationOptimizer(options: DistillationOptimizerOptions): AdamW {
  const { weightDecay = DISTILLATION_SETTINGS.weightDecay } = options;
  return new AdamW({ learningRate: distillationSchedule(options), weightDecay, decay: noDecayOnVectors });
}
