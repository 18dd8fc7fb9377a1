export { GradientAccumulator } from './accumulate.ts';
export {
  type Checkpointed,
  type LoadedCheckpoint,
  type LoadOptions,
  latestCheckpoint,
  loadCheckpoint,
  type SaveOptions,
  saveCheckpoint,
} from './checkpoint.ts';
export type { Json } from './checkpoint-state.ts';
export { type ClippedGradients, clipByGlobalNorm } from './clip.ts';
export { type Evaluator, makeEvaluator } from './evaluate.ts';
export { findNonFinite, NonFiniteError, type NonFiniteTensor } from './non-finite.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  type PendingTensor,
  type SafeTensor,
  type Safetensors,
  SafetensorsFile,
  writeSafetensors,
} from './safetensors.ts';
export type { Dtype } from './safetensors-header.ts';
export { type Schedule, type ScheduleDescription, scheduleFrom } from './schedules.ts';
export { type StepMetrics, type TrainOptions, type TrainResult, train } from './train.ts';
export {
  makeTrainStep,
  type StepResult,
  type TrainableModel,
  type TrainStep,
  type TrainStepOptions,
} from './train-step.ts';
export { TrainingProgress } from './training-progress.ts';
