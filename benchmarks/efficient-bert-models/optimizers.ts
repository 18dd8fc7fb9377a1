import { CAME } from '../../methods/came/index.ts';
import { matchParameters, type ParameterOwner } from '../../src/nn/index.ts';
import {
  Adafactor,
  AdamMini,
  AdamW,
  LAMB,
  Lion,
  noDecayOnVectors,
  type Optimizer,
  type OptimizerOptions,
  SGDMomentum,
  SM3,
} from '../../src/optimizers/index.ts';
import { scheduleFrom } from '../../src/training/schedules.ts';
import type { OptimizerName, Recipe } from './recipe.ts';

type Shared = Pick<OptimizerOptions, 'learningRate' | 'weightDecay' | 'decay'>;
type Model = Pick<ParameterOwner, 'parameters'>;

/** Tables of tokens, positions and segments. */
const embeddings = /\.embedding\.(tokens|positions|segments)\./;

const make: { readonly [N in OptimizerName]: (shared: Shared, model: Model) => Optimizer } = {
  adamw: (shared) => new AdamW(shared), // β 0.9, 0.999, ε 1e-8
  // A β₃ of 0.9999 inflates the steps of a training as short as these.
  came: (shared) => new CAME({ ...shared, beta1: 0.9, beta2: 0.95, beta3: 0.995 }),
  adafactor: (shared) => new Adafactor({ ...shared, relativeStep: false, scaleParameter: false }),
  'adam-mini': (shared, model) =>
    new AdamMini({ ...shared, groups: [{ match: matchParameters(model, embeddings), partition: 'rows' }] }),
  lamb: (shared) => new LAMB(shared),
  lion: (shared) => new Lion(shared),
  sm3: (shared) => new SM3(shared),
  'sgd-momentum': (shared) => new SGDMomentum(shared),
};

/** Linear warm-up, then linear decay to zero; weight decay, decoupled, on matrices only. */
export function makeOptimizer(recipe: Recipe, steps: number, model: Model): Optimizer {
  const { optimizer, learningRate: peak, warmupShare, weightDecay } = recipe;
  const warmup = Math.round(warmupShare * steps);
  const learningRate = scheduleFrom({ kind: 'linear', peak, warmup, total: steps });
  return make[optimizer as OptimizerName]({ learningRate, weightDecay, decay: noDecayOnVectors }, model);
}
