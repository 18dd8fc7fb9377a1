/** From the logits of start and end to the text of an answer (Devlin et al. 2019, run_squad.py; version 2.0 as there). */
import { type BasicTokenOptions, basicTokens } from '../word-piece/basic-tokens.ts';
import type { WordPieceTokenizer } from '../word-piece/index.ts';
import { joinPieces, type SquadContext, splitContext, type WindowPlace } from './features.ts';
import type { SquadQuestion } from './read-squad.ts';

export interface AnswerOptions {
  /** Starts and ends of a window that are tried, and answers kept. */
  readonly best: number;
  /** Pieces of an answer at most. */
  readonly longest: number;
  /** Version 2.0: no answer where its score exceeds the best answer's by more than this; null: there always is one. */
  readonly nullThreshold: number | null;
}

export const SQUAD_ANSWERS: AnswerOptions = { best: 20, longest: 30, nullThreshold: 0 };

/** Logits of one window by position, [L]. */
export interface WindowLogits {
  readonly window: WindowPlace;
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
}

export interface AnswerCandidate {
  readonly text: string;
  /** Logit of its start plus that of its end. */
  readonly score: number;
}

export interface SquadPrediction {
  /** '' says that there is no answer. */
  readonly text: string;
  /** The best first. */
  readonly candidates: readonly AnswerCandidate[];
  /** Least score of "no answer" over the windows. */
  readonly nullScore: number;
}

/**
 * @param windows all windows of the question, in order
 * @param context of the question, where it is split already
 */
export function predictAnswer(
  question: SquadQuestion,
  windows: readonly WindowLogits[],
  tokenizer: WordPieceTokenizer,
  { best, longest, nullThreshold }: AnswerOptions,
  context: SquadContext = splitContext(question.context, tokenizer),
): SquadPrediction {
  const spans: { from: number; to: number; score: number }[] = [];
  for (const { window, start, end } of windows) {
    const { offset, count, begin, hasMostContext } = window;
    const isInside = (position: number) => position >= offset && position < offset + count;
    const ends = largest(end, best);
    for (const s of largest(start, best)) {
      for (const e of ends) {
        if (!isInside(s) || !isInside(e) || !hasMostContext[s - offset]) continue;
        if (e < s || e - s + 1 > longest) continue;
        const score = (start[s] as number) + (end[e] as number);
        spans.push({ from: begin + s - offset, to: begin + e - offset, score });
      }
    }
  }
  spans.sort((a, b) => b.score - a.score);
  const candidates: AnswerCandidate[] = [];
  for (const { from, to, score } of spans) {
    if (candidates.length === best) break;
    const words = context.words.slice(context.wordOf[from], (context.wordOf[to] as number) + 1).join(' ');
    const text = originalText(joinPieces(context.pieces.slice(from, to + 1)), words, tokenizer.options);
    if (!candidates.some((known) => known.text === text)) candidates.push({ text, score });
  }
  const nullScore = Math.min(...windows.map(({ start, end }) => (start[0] as number) + (end[0] as number)));
  const top = candidates[0];
  const none = top === undefined || (nullThreshold !== null && nullScore - top.score > nullThreshold);
  return { text: none ? '' : top.text, candidates, nullScore };
}

/** Positions of the largest logits, the first of equals first. */
function largest(logits: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: logits.length }, (_, i) => i)
    .sort((i, j) => (logits[j] as number) - (logits[i] as number) || i - j)
    .slice(0, count);
}

/**
 * The part of the original words that the pieces stand for: "steve smith" in "Steve Smith's" is "Steve Smith". Words and tokens are
 * aligned with their blanks left out; where that fails the original words are the answer.
 */
export function originalText(predicted: string, words: string, options: BasicTokenOptions): string {
  const tokens = basicTokens(words, options).join(' ');
  const start = tokens.indexOf(predicted);
  if (start < 0 || predicted === '') return words;
  const end = start + predicted.length - 1;
  const [plainWords, wordPlaces] = withoutBlanks(words);
  const [plainTokens, tokenPlaces] = withoutBlanks(tokens);
  if (plainWords.length !== plainTokens.length) return words;
  const place = (position: number) => wordPlaces[tokenPlaces.indexOf(position)];
  const [from, to] = [place(start), place(end)];
  return from === undefined || to === undefined ? words : words.slice(from, to + 1);
}

function withoutBlanks(text: string): [plain: string, places: number[]] {
  const places = Array.from({ length: text.length }, (_, i) => i).filter((i) => text[i] !== ' ');
  return [places.map((i) => text[i]).join(''), places];
}
