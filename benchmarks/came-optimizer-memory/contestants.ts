import { CAME } from '../../methods/came/index.ts';
import {
  Adafactor,
  AdamMini,
  AdamW,
  LAMB,
  Lion,
  Muon,
  type Optimizer,
  ScheduleFreeAdamW,
  SGDMomentum,
  SM3,
} from '../../src/optimizers/index.ts';
import type { ContestantName } from './config.ts';

/** Each as its paper has it; what Muon does not take is AdamW's: embeddings, heads and vectors. */
export const makeOptimizer: Readonly<Record<ContestantName, () => Optimizer>> = {
  adamw: () => new AdamW(),
  lamb: () => new LAMB(),
  'schedule-free-adamw': () => new ScheduleFreeAdamW(),
  adafactor: () => new Adafactor(),
  'adafactor-momentum': () => new Adafactor({ beta1: 0.9 }),
  'sm3-momentum': () => new SM3({ momentum: 0.9 }),
  came: () => new CAME({ learningRate: 1e-4 }),
  lion: () => new Lion(),
  'adam-mini': () => new AdamMini({ partition: 'rows' }),
  'muon-adamw': () => new Muon({ groups: [{ match: /embed|head|pooler|mlm|nsp/, muon: false }] }),
  'sgd-momentum': () => new SGDMomentum(),
};
