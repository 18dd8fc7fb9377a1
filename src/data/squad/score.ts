/** The official scores of SQuAD: exact match and F1 of words, each the best over the accepted answers. */
import type { SquadQuestion } from './read-squad.ts';

export interface SquadScores {
  /** In percent, over all questions. */
  readonly exact: number;
  readonly f1: number;
  readonly total: number;
}

/** @param predictions by question id; '' says that there is no answer; a question without a prediction counts as wrong */
export function squadScores(
  questions: readonly SquadQuestion[],
  predictions: ReadonlyMap<string, string>,
): SquadScores {
  let [exact, f1] = [0, 0];
  for (const { id, answers } of questions) {
    const prediction = predictions.get(id);
    if (prediction === undefined) continue;
    const own = answerScore(answers, prediction);
    exact += own.exact;
    f1 += own.f1;
  }
  const total = questions.length;
  return { exact: (100 * exact) / total, f1: (100 * f1) / total, total };
}

/** Of one answer, each from 0 to 1. */
export function answerScore(
  answers: SquadQuestion['answers'],
  prediction: string,
): { readonly exact: number; readonly f1: number } {
  // As the official script: an answer that normalises to nothing is no answer.
  const texts = answers.map(({ text }) => text).filter((text) => normalizeAnswer(text) !== '');
  const golds = texts.length > 0 ? texts : [''];
  return {
    exact: Math.max(...golds.map((gold) => Number(normalizeAnswer(gold) === normalizeAnswer(prediction)))),
    f1: Math.max(...golds.map((gold) => wordF1(prediction, gold))),
  };
}

/** Lower case, without ASCII punctuation and articles, words separated by one space. */
export function normalizeAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/(?<![\p{L}\p{N}])(a|an|the)(?![\p{L}\p{N}])/gu, ' ') // \b would find an article in Bahía
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
}

/** F1 of the bags of words; where either has none, 1 if both have none. */
export function wordF1(prediction: string, gold: string): number {
  const words = (text: string) =>
    normalizeAnswer(text)
      .split(' ')
      .filter((word) => word !== '');
  const [predicted, wanted] = [words(prediction), words(gold)];
  if (predicted.length === 0 || wanted.length === 0) return Number(predicted.length === wanted.length);
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let same = 0;
  for (const word of predicted) {
    const count = left.get(word) ?? 0;
    if (count > 0) {
      same++;
      left.set(word, count - 1);
    }
  }
  if (same === 0) return 0;
  const [precision, recall] = [same / predicted.length, same / wanted.length];
  return (2 * precision * recall) / (precision + recall);
}
