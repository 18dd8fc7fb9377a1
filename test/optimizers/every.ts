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

/** Every optimizer of the project, at learning rates that move weights near 1 visibly in one step. */
export const EVERY: Readonly<Record<string, () => Optimizer>> = {
  CAME: () => new CAME({ learningRate: 1e-2 }),
  'CAME un-factored': () => new CAME({ learningRate: 1e-2, factorization: 'none' }),
  AdamW: () => new AdamW({ learningRate: 1e-2 }),
  Adafactor: () => new Adafactor({ learningRate: 1e-2 }),
  AdamMini: () => new AdamMini({ learningRate: 1e-2 }),
  LAMB: () => new LAMB({ learningRate: 1e-2 }),
  Lion: () => new Lion({ learningRate: 1e-2 }),
  Muon: () => new Muon({ learningRate: 1e-2 }),
  ScheduleFreeAdamW: () => new ScheduleFreeAdamW({ learningRate: 1e-2 }),
  SGDMomentum: () => new SGDMomentum({ learningRate: 1e-2 }),
  SM3: () => new SM3({ learningRate: 1e-2 }),
};
