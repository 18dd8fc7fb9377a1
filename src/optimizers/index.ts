export {
  Adafactor,
  type AdafactorState,
  type AdafactorVectorState,
  adafactorStep,
  adafactorVectorStep,
} from './adafactor.ts';
export { ADAFACTOR_DEFAULTS, type AdafactorOptions, adafactorStepSize } from './adafactor-options.ts';
export { AdamMini, type AdamMiniState, adamMiniDirection, adamMiniMoments } from './adam-mini.ts';
export { ADAM_MINI_DEFAULTS, type AdamMiniGroup, type AdamMiniOptions } from './adam-mini-options.ts';
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
export type { Partition } from './blocks.ts';
export { type DecayMask, decayAll, noDecayOnVectors } from './decay.ts';
export { clipByRms, divideByFactoredRoot, rootMeanSquare } from './factored-moment.ts';
export {
  type GpuArguments,
  type GpuProgram,
  hasGpuPrograms,
  LANES,
  runGpuProgram,
} from './gpu-program.ts';
export { clipScale, globalNorm } from './gradient-clipping.ts';
export { type GroupRule, type GroupSettings, noDecayForVectors } from './groups.ts';
export { type HostMemory, hostMemory } from './host-memory.ts';
export { LAMB, LAMB_DEFAULTS, type LambOptions, lambTrustRatio } from './lamb.ts';
export type { LearningRate, Schedule, ScheduleDescription } from './learning-rate.ts';
export { LION_DEFAULTS, Lion, type LionOptions, type LionState, lionStep } from './lion.ts';
export { Muon, muonUpdate } from './muon.ts';
export { MUON_DEFAULTS, type MuonGroup, type MuonOptions, type MuonScale } from './muon-options.ts';
export { orthogonalize } from './newton-schulz.ts';
export { Optimizer, type StateSummary, type VariableUpdate } from './optimizer.ts';
export {
  checkBetas,
  checkNumber,
  type OptimizerOptions,
  optionsFromConfig,
  resolveOptions,
} from './options.ts';
export { register, registerAll } from './register.ts';
export { moveTowards, movingAverage, release } from './release.ts';
export { ScheduleFreeAdamW } from './schedule-free-adamw.ts';
export { SCHEDULE_FREE_ADAMW_DEFAULTS, type ScheduleFreeAdamWOptions } from './schedule-free-options.ts';
export {
  SGD_MOMENTUM_DEFAULTS,
  SGDMomentum,
  type SgdMomentumOptions,
  type SgdMomentumState,
  sgdMomentumStep,
} from './sgd-momentum.ts';
export { SM3, SM3_DEFAULTS, type Sm3Options, type Sm3Step, sm3Step } from './sm3.ts';
export type { SlotShapes, Slots } from './state.ts';
export type { GroupScalars, StepScalars } from './step-scalars.ts';
export { takeStep } from './take-step.ts';
