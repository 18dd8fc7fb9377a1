export {
  CAME,
  type CameHyperparameters,
  type CameState,
  type CameStep,
  type CameVectorState,
  cameStep,
  cameStepWithoutConfidence,
  cameVectorStep,
} from './came.ts';
export { CAME_DEFAULTS, type CameGroupRule, type CameOptions } from './config.ts';
export type { Factorization } from './factorization.ts';
