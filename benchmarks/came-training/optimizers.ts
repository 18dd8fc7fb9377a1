import { CAME } from '../../methods/came/index.ts';
import { matchParameters, type ParameterOwner } from '../../src/nn/index.ts';
import {
  Adafactor,
  AdamMini,
  AdamW,
  LAMB,
  Lion,
  Muon,
  noDecayOnVectors,
  type Optimizer,
  type OptimizerOptions,
  ScheduleFreeAdamW,
  SGDMomentum,
  SM3,
} from '../../src/optimizers/index.ts';
import { scheduleFrom } from '../../src/training/schedules.ts';
import type { ContestantName, ContestantSettings } from './contestants.ts';
import type { TaskConfig } from './task.ts';

type Shared = Pick<OptimizerOptions, 'learningRate' | 'weightDecay' | 'decay'>;
type Budget = Pick<TaskConfig, 'steps' | 'warmupShare' | 'weightDecay'>;

interface Given<N extends ContestantName> {
  readonly shared: Shared;
  /** Without its grid. */
  readonly settings: Omit<ContestantSettings[N], 'learningRates'>;
  readonly model: Pick<ParameterOwner, 'parameters'>;
  /** The learning rate after the warm-up, and that many steps. */
  readonly peak: number;
  readonly warmup: number;
}

/** Token and position embeddings; the heads of the models here are tied to them. */
const embeddings = /^(tokens|positions)\./;

const make: { readonly [N in ContestantName]: (given: Given<N>) => Optimizer } = {
  adamw: ({ shared, settings }) => new AdamW({ ...shared, ...settings }),
  came: ({ shared, settings }) => new CAME({ ...shared, ...settings }),
  'adafactor-momentum': ({ shared, settings }) =>
    new Adafactor({ ...shared, ...settings, relativeStep: false, scaleParameter: false }),
  adafactor: ({ shared, settings }) =>
    new Adafactor({ ...shared, ...settings, relativeStep: false, scaleParameter: true }),
  'sm3-momentum': ({ shared, settings }) => new SM3({ ...shared, ...settings }),
  lion: ({ shared, settings }) => new Lion({ ...shared, ...settings }),
  'adam-mini': ({ shared, settings, model }) =>
    new AdamMini({
      ...shared,
      ...settings,
      groups: [{ match: matchParameters(model, embeddings), partition: 'rows' }],
    }),
  lamb: ({ shared, settings }) => new LAMB({ ...shared, ...settings }),
  'muon-adamw': ({ shared, settings, model }) =>
    new Muon({
      ...shared,
      ...settings,
      scale: 'adamw',
      adamwRate: 1,
      groups: [{ match: matchParameters(model, embeddings), muon: false }],
    }),
  // In place of a schedule: a warm-up of its own, and an average of the iterates.
  'schedule-free-adamw': ({ shared, settings, peak, warmup }) =>
    new ScheduleFreeAdamW({ ...shared, ...settings, learningRate: peak, warmupSteps: warmup }),
  'sgd-momentum': ({ shared, settings }) => new SGDMomentum({ ...shared, ...settings }),
};

/** The contestant at one learning rate: warm-up and cosine decay to zero, decay on matrices only. */
export function makeOptimizer<N extends ContestantName>(
  name: N,
  { learningRates: _, ...settings }: ContestantSettings[N],
  peak: number,
  { steps, warmupShare, weightDecay }: Budget,
  model: Pick<ParameterOwner, 'parameters'>,
): Optimizer {
  const warmup = Math.round(warmupShare * steps);
  const learningRate = scheduleFrom({ kind: 'cosine', peak, warmup, total: steps });
  const shared = { learningRate, weightDecay, decay: noDecayOnVectors };
  return make[name]({ shared, settings, model, peak, warmup });
}
