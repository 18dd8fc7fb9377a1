import { AdamW, noDecayOnVectors, type Optimizer } from '../../src/optimizers/index.ts';
import { type Schedule, scheduleFrom } from '../../src/training/schedules.ts';

/** How a model is trained, the same for every encoding. */
export type OptimizationConfig = {
  readonly steps: number;
  readonly batchSize: number;
  /** The rate after the warm-up. */
  readonly learningRate: number;
  /** Linear warm-up, as a share of the steps. */
  readonly warmupShare: number;
  /** The rate at the end, as a share of the peak: cosine decay; 1 for a constant rate. */
  readonly finalShare: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Decoupled, on matrices only. */
  readonly weightDecay: number;
  /** Global gradient norm. */
  readonly clipNorm: number;
  /** How many points the learning curve has; there is a checkpoint at each. */
  readonly curvePoints: number;
};

/** Linear warm-up, then cosine decay. */
export function scheduleOf(config: OptimizationConfig): Schedule {
  const { steps: total, learningRate: peak, warmupShare, finalShare } = config;
  const warmup = Math.round(warmupShare * total);
  return scheduleFrom({ kind: 'cosine', peak, warmup, total, final: finalShare * peak });
}

/** ε is 1e-8. */
export function makeAdamW(config: OptimizationConfig): Optimizer {
  const { beta1, beta2, weightDecay } = config;
  const learningRate = scheduleOf(config);
  return new AdamW({ learningRate, beta1, beta2, weightDecay, decay: noDecayOnVectors, epsilon: 1e-8 });
}
