export {
  type AnswerOptions,
  originalText,
  predictAnswer,
  SQUAD_ANSWERS,
  type SquadPrediction,
  type WindowLogits,
} from './answers.ts';
export { SQUAD_WINDOWS, type SquadWindow, type SquadWindowOptions, squadWindows } from './features.ts';
export { readSquad, type SquadAnswer, type SquadQuestion } from './read-squad.ts';
export { normalizeAnswer, type SquadScores, squadScores, wordF1 } from './score.ts';
