import { CAME } from '../../methods/came/index.ts';
import { AdamW, noDecayOnVectors, type Optimizer } from '../../src/optimizers/index.ts';
import { makeOptimizer as makeUsual } from '../came-optimizer-memory/contestants.ts';
import type { StepTask } from '../step-timing/task.ts';
import type { AdamWSettings } from '../training-step/task.ts';
import type { OptimizerName } from './config.ts';

/** CAME and AdamW as the peers have them; the others with the defaults of their authors, which do not change the work. */
export function makeOptimizer(name: OptimizerName, { came, adamw }: StepTask): Optimizer {
  if (name === 'came') return new CAME(came);
  return name === 'adamw' ? new AdamW(adamw) : makeUsual[name]();
}

/** Both decay matrices alike; CAME's first steps are eleven times as long at the same η. */
export function makeTrainingOptimizer(name: 'came' | 'adamw', settings: AdamWSettings): Optimizer {
  const { learningRate, weightDecay } = settings;
  if (name === 'adamw') return new AdamW({ ...settings, decay: noDecayOnVectors });
  return new CAME({ learningRate: learningRate / 10, weightDecay, decay: noDecayOnVectors });
}
