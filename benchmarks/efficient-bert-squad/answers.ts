import { answerScore, type SquadQuestion, squadScores } from '../../src/data/squad/index.ts';
import type { SquadAnswered } from '../../src/tasks/index.ts';
import type { AnswerCounts, Sample, SquadResult } from './cells.ts';
import { closestSentence } from './closest-sentence.ts';

const SAMPLES = 8;

/** @param answers to the questions, in their order */
export function countAnswers(
  questions: readonly SquadQuestion[],
  answers: readonly SquadAnswered[],
): NonNullable<SquadResult['counts']> {
  const count = (answerable: boolean): AnswerCounts => {
    const counts = { exact: 0, overlapping: 0, wrong: 0, none: 0 };
    for (const [i, question] of questions.entries()) {
      if (question.answers.length > 0 === answerable) counts[kindOf(question, answers[i]?.answer ?? '')]++;
    }
    return counts;
  };
  return { answerable: count(true), impossible: count(false) };
}

function kindOf({ answers }: SquadQuestion, answer: string): keyof AnswerCounts {
  if (answer === '') return 'none';
  const { exact, f1 } = answerScore(answers, answer);
  if (answers.length === 0 || f1 === 0) return 'wrong';
  return exact === 1 ? 'exact' : 'overlapping';
}

/** A few questions at even distances. */
export function samplesOf(questions: readonly SquadQuestion[], answers: readonly SquadAnswered[]): Sample[] {
  const count = Math.min(SAMPLES, questions.length);
  return Array.from({ length: count }, (_, i) => {
    const at = Math.floor(((i + 0.5) * questions.length) / count);
    const { question, answers: accepted } = questions[at] as SquadQuestion;
    const texts = new Set(accepted.map(({ text }) => text));
    return { question: question.trim(), accepted: [...texts], answer: answers[at]?.answer ?? '' };
  });
}

export function untrainedScores(questions: readonly SquadQuestion[]): SquadResult['untrained'] {
  const answerable = questions.filter(({ answers }) => answers.length > 0);
  const sentences = new Map(answerable.map((question) => [question.id, closestSentence(question)]));
  return {
    nothing: (100 * (questions.length - answerable.length)) / questions.length,
    sentence: answerable.length === 0 ? null : squadScores(answerable, sentences).f1,
  };
}
