/** Which threshold of "no answer" would have been best, as the official script of SQuAD 2.0 finds it. */
import type { SquadQuestion } from './read-squad.ts';
import { answerScore } from './score.ts';

/** The best span of a question, and how much more than it "no answer" scores. */
export interface SpanOrNone {
  readonly text: string;
  readonly odds: number;
}

export interface BestThreshold {
  /** In percent, over all questions. */
  readonly score: number;
  /** Answers with larger odds of "no answer" are dropped; null: all are. */
  readonly threshold: number | null;
}

/**
 * The best score over all thresholds: an upper bound, since the threshold is chosen on the questions that are judged.
 *
 * @param spans of every question, by id
 */
export function bestNullThreshold(
  questions: readonly SquadQuestion[],
  spans: ReadonlyMap<string, SpanOrNone>,
  metric: 'exact' | 'f1',
): BestThreshold {
  const gains = questions.map(({ id, answers }) => {
    const { text, odds } = spans.get(id) as SpanOrNone;
    if (answers.length > 0) return { odds, gain: answerScore(answers, text)[metric] };
    return { odds, gain: text === '' ? 0 : -1 };
  });
  gains.sort((a, b) => a.odds - b.odds);
  let score = questions.filter(({ answers }) => answers.length === 0).length;
  let best: BestThreshold = { score, threshold: null };
  for (const [i, { odds, gain }] of gains.entries()) {
    score += gain;
    // Equal odds go together: no threshold lies between them.
    if (score > best.score && gains[i + 1]?.odds !== odds) best = { score, threshold: odds };
  }
  return { ...best, score: (100 * best.score) / questions.length };
}
