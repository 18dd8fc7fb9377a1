export {
  type AnswerOptions,
  originalText,
  predictAnswer,
  SQUAD_ANSWERS,
  type SquadPrediction,
  type WindowLogits,
} from './answers.ts';
export {
  encodeWindow,
  makeContextSplitter,
  type PlacedQuestion,
  placeWindows,
  SQUAD_WINDOWS,
  type SquadContext,
  type SquadWindow,
  type SquadWindowOptions,
  squadWindows,
  type WindowPlace,
} from './features.ts';
export { type BestThreshold, bestNullThreshold, type SpanOrNone } from './null-threshold.ts';
export {
  type BadRecord,
  readSquad,
  type SquadAnswer,
  type SquadFile,
  type SquadQuestion,
} from './read-squad.ts';
export { answerScore, normalizeAnswer, type SquadScores, squadScores, wordF1 } from './score.ts';
