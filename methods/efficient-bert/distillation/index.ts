export { type BatchSource, type ExampleBatchesOptions, exampleBatches, stepsOf } from './batches.ts';
export { distil } from './distil.ts';
export type { DistillationMetrics, DistillationPoint, Distilled, DistilOptions } from './distil-options.ts';
export {
  type Distillable,
  encoderOf,
  type ModelTrace,
  type TaskKind,
  taskKindOf,
  traceModel,
} from './distillable.ts';
export {
  Distillation,
  type DistillationLosses,
  type DistillationOptions,
  type DistilledParts,
  type Lesson,
} from './distillation.ts';
export {
  type DistillationStep,
  type DistillationStepOptions,
  type DistillationStepResult,
  makeDistillationStep,
} from './distillation-step.ts';
export { type LayerMapOptions, layerMap } from './layer-map.ts';
export { attentionLoss, hiddenLoss } from './losses.ts';
export { DISTILLATION_MODES, type DistillationManner, type DistillationMode } from './modes.ts';
export {
  type DistillationOptimizerOptions,
  distillationOptimizer,
  distillationSchedule,
} from './optimizer.ts';
export { DISTILLATION_PHASES } from './phases.ts';
export { type PredictionLossOptions, type Predictions, predictionLoss } from './prediction-loss.ts';
export {
  type CandidatePhase,
  type CandidateScore,
  sharedScore,
  type TrainedScoreOptions,
  trainedScore,
} from './score-candidate.ts';
export { type ChosenSize, SharedMlp, type SharedMlpOptions } from './shared-mlp.ts';
export { SharedSupernet } from './shared-supernet.ts';
export { type SubNetworkSampler, subNetworkSampler } from './sub-networks.ts';
export {
  type PretrainingText,
  pretrainingText,
  type TextBatchesOptions,
  textBatches,
} from './text-batches.ts';
