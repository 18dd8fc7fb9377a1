import { CAME } from '../../methods/came/index.ts';
import { AdamW, noDecayOnVectors, type Optimizer } from '../../src/optimizers/index.ts';
import { scheduleFrom } from '../../src/training/schedules.ts';
import type { TrainingCell } from './cells.ts';
import type { CameConvergenceConfig } from './config.ts';

/** The contestant of a cell: warm-up and cosine decay to zero, decay on matrices only. */
export function makeOptimizer(
  { contestant, learningRate }: TrainingCell,
  config: CameConvergenceConfig,
): Optimizer {
  const { steps, warmupShare, weightDecay } = config;
  const shared = {
    learningRate: scheduleFrom({
      kind: 'cosine',
      peak: learningRate,
      warmup: Math.round(warmupShare * steps),
      total: steps,
    }),
    weightDecay,
    decay: noDecayOnVectors,
  };
  if (contestant === 'adamw') {
    const { beta1, beta2, epsilon } = config.adamw;
    return new AdamW({ ...shared, beta1, beta2, epsilon });
  }
  const { beta1, beta2, beta3, clipThreshold } = config.came;
  return new CAME({ ...shared, beta1, beta2, beta3, clipThreshold });
}
