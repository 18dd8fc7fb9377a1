import {
  type AnswerOptions,
  type BestThreshold,
  bestNullThreshold,
  predictAnswer,
  type SpanOrNone,
  type SquadScores,
  squadScores,
} from '../../data/squad/index.ts';
import { crossEntropyOf } from '../cross-entropy-of.ts';
import type { Evaluation } from '../fine-tune.ts';
import type { SquadDevSet } from './squad-examples.ts';

/** What was answered to a question. */
export interface SquadAnswered extends SpanOrNone {
  readonly id: string;
  /** '' says that there is none; `text` is the best span nevertheless. */
  readonly answer: string;
}

/** The selection is the mean of exact match and F1, in percent, by the threshold given unless told otherwise. */
export interface SquadEvaluation extends Evaluation {
  readonly scores: SquadScores;
  /** Of the questions that have an answer, and of those that have none; null where there are none such. */
  readonly answerable: SquadScores | null;
  readonly impossible: SquadScores | null;
  /** Of the best spans of the questions that have an answer, as if one always had to be given. */
  readonly spans: SquadScores | null;
  /** With the thresholds of "no answer" that would have been best; null where an answer always has to be given. */
  readonly best: { readonly exact: BestThreshold; readonly f1: BestThreshold } | null;
  readonly answers: readonly SquadAnswered[];
}

/**
 * What a model's outputs are worth. The loss leaves out questions whose first answer is not in the words of their context.
 *
 * @param outputs of each window of `set`: logits of first and last position side by side, [2L]
 * @param options with `selectAtBestThreshold` the selection is by the best threshold's scores, where there is one: at a fixed one a
 *   model that answers nothing beats one that has begun to find answers
 */
export function evaluateSquad(
  set: SquadDevSet,
  outputs: readonly Float32Array[],
  options: AnswerOptions & { readonly selectAtBestThreshold?: boolean },
): SquadEvaluation {
  const { length, tokenizer } = set;
  const losses: number[] = [];
  let next = 0;
  const answers = set.questions.map(({ question, placed }): SquadAnswered => {
    const windows = placed.windows.map((window) => {
      const row = outputs[next++] as Float32Array;
      return { window, start: row.subarray(0, length), end: row.subarray(length) };
    });
    if (placed.answerFound) {
      for (const { window, start, end } of windows)
        losses.push((crossEntropyOf(start, window.start) + crossEntropyOf(end, window.end)) / 2);
    }
    const { text, candidates, nullScore } = predictAnswer(
      question,
      windows,
      tokenizer,
      options,
      placed.context,
    );
    const [top] = candidates;
    // Without a span nothing but "no answer" can be said; a finite number, for JSON.
    const odds = top === undefined ? Number.MAX_VALUE : nullScore - top.score;
    return { id: question.id, text: top?.text ?? '', odds, answer: text };
  });
  const scores = scoresOf(set, answers, options);
  const {
    best,
    scores: { exact, f1 },
  } = scores;
  return {
    ...scores,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
    selection:
      options.selectAtBestThreshold && best ? (best.exact.score + best.f1.score) / 2 : (exact + f1) / 2,
    answers,
  };
}

function scoresOf(set: SquadDevSet, answers: readonly SquadAnswered[], { nullThreshold }: AnswerOptions) {
  const questions = set.questions.map(({ question }) => question);
  const answerable = questions.filter((question) => question.answers.length > 0);
  const impossible = questions.filter((question) => question.answers.length === 0);
  const given = new Map(answers.map(({ id, answer }) => [id, answer]));
  const spans = new Map(answers.map((own) => [own.id, own]));
  const texts = new Map(answers.map(({ id, text }) => [id, text]));
  const scored = (some: typeof questions, by: ReadonlyMap<string, string>) =>
    some.length === 0 ? null : squadScores(some, by);
  return {
    scores: squadScores(questions, given),
    answerable: scored(answerable, given),
    impossible: scored(impossible, given),
    spans: scored(answerable, texts),
    best:
      nullThreshold === null
        ? null
        : {
            exact: bestNullThreshold(questions, spans, 'exact'),
            f1: bestNullThreshold(questions, spans, 'f1'),
          },
  };
}
