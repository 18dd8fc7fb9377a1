export {
  type Cdape,
  type CdapeOptions,
  type CdapeScoresOptions,
  cdape,
  cdapeScores,
  type Residual,
  scoreConvolution,
} from './cdape.ts';
export { CdapeAttention, type CdapeAttentionConfig, registerCdapeAttention } from './cdape-attention.ts';
export { alibi, alibiSlopes } from './encodings/alibi.ts';
export { type CopeOptions, contextualPositions, cope, interpolate } from './encodings/cope.ts';
export { type FireOptions, fire, normalizedDistances } from './encodings/fire.ts';
export { kerple } from './encodings/kerple.ts';
export { kerplePower } from './encodings/kerple-power.ts';
export { type LearnedOptions, learned } from './encodings/learned.ts';
export { drawPositions, randomizedPositions } from './encodings/randomized-positions.ts';
export { type RopeOptions, type RopePairing, type RopePositions, rope } from './encodings/rope.ts';
export {
  ntkAware,
  positionInterpolation,
  type RopeScaling,
  type RopeScalingContext,
  unscaled,
  yarn,
} from './encodings/rope-scaling.ts';
export { sinusoidal } from './encodings/sinusoidal.ts';
export { T5Table, t5, t5Bucket } from './encodings/t5.ts';
export { relativeShift, type TransformerXlOptions, transformerXl } from './encodings/transformer-xl.ts';
export {
  addBias,
  type BiasedProcessor,
  type PositionBias,
  type PositionBiasContext,
} from './position-bias.ts';
export {
  assertEncodingName,
  POSITION_ENCODINGS,
  type PositionEncoding,
  type PositionEncodingName,
  type PositionEncodingOptions,
  positionEncoding,
} from './position-encodings.ts';
export type { CdapeWeights, ScoreConvolutionOptions } from './score-convolution.ts';
export { type ScoreMaps, type ScoreMapsOptions, scoreMaps } from './score-maps.ts';
