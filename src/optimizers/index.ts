export {
  ADAMW_DEFAULTS,
  AdamW,
  type AdamWOptions,
  type AdamWState,
  adamwDirection,
  adamwMoments,
  adamwStep,
} from './adamw.ts';
export { meanOfAll, meanOverAxis } from './blocked-mean.ts';
export { type DecayMask, decayAll, noDecayOnVectors } from './decay.ts';
export type { LearningRate, Schedule } from './learning-rate.ts';
export { Optimizer, type StateSummary } from './optimizer.ts';
export {
  checkBetas,
  checkNumber,
  type OptimizerOptions,
  optionsFromConfig,
  resolveOptions,
} from './options.ts';
export { register } from './register.ts';
export { moveTowards, movingAverage, release } from './release.ts';
export type { SlotShapes, Slots } from './state.ts';
export type { GroupScalars } from './step-scalars.ts';
