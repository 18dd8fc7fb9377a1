export { alibi, alibiSlopes } from './alibi.ts';
export {
  type CdapeOptions,
  type CdapeScoresOptions,
  type CdapeWeights,
  cdape,
  cdapeScores,
  type ScoreConvolutionOptions,
  scoreConvolution,
} from './cdape.ts';
export { type FireOptions, fire, normalizedDistances } from './fire.ts';
export { kerple } from './kerple.ts';
export { addBias, type PositionBias, type PositionBiasContext } from './position-bias.ts';
