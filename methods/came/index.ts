export {
  CAME,
  type CameHyperparameters,
  type CameState,
  type CameStep,
  type CameVectorState,
  cameStep,
  cameVectorStep,
} from './came.ts';
export { CAME_DEFAULTS, type CameOptions } from './config.ts';
export type { Factorization } from './factorization.ts';
