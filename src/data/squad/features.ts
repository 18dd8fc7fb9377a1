/** Questions and contexts as a BERT reads them: windows of the context, each behind the question (Devlin et al. 2019, run_squad.py). */
import { CONTINUATION, type EncodedText, type WordPieceTokenizer } from '../word-piece/index.ts';
import type { SquadQuestion } from './read-squad.ts';

export interface SquadWindowOptions {
  /** L */
  readonly length: number;
  /** The question is cut to two tokens less. */
  readonly questionLength: number;
  /** A window begins so many pieces after the one before. */
  readonly stride: number;
}

export const SQUAD_WINDOWS: SquadWindowOptions = { length: 128, questionLength: 64, stride: 32 };

/** Where a window lies: `[CLS] question [SEP] pieces of the context [SEP]`. */
export interface WindowPlace {
  /** Position of the first piece of the context, and how many there are. */
  readonly offset: number;
  readonly count: number;
  /** Number, in the whole context, of the window's first piece. */
  readonly begin: number;
  /** Whether no other window shows the piece at position offset + i with more context. */
  readonly hasMostContext: readonly boolean[];
  /** Positions of the answer's first and last piece; 0, 0 where the window does not hold it whole. */
  readonly start: number;
  readonly end: number;
}

/** One window as a BERT reads it. */
export interface SquadWindow extends EncodedText, WindowPlace {
  readonly id: string;
}

/** A question and where its windows lie; light, as they overlap and share the context. */
export interface PlacedQuestion {
  /** Numbers of its tokens. */
  readonly query: readonly number[];
  readonly context: SquadContext;
  readonly windows: readonly WindowPlace[];
  /** False where the words of the context do not contain the first answer: the windows then carry none, and teach nothing. */
  readonly answerFound: boolean;
}

/** A context in words and in pieces. */
export interface SquadContext {
  readonly words: readonly string[];
  readonly pieces: readonly string[];
  /** Of each piece, in the vocabulary. */
  readonly numbers: readonly number[];
  /** Word of each piece, and first piece of each word. */
  readonly wordOf: readonly number[];
  readonly firstPiece: readonly number[];
}

/** Blank, tab, line ends, and the narrow no-break space: where the reference code splits. */
const BLANKS = /[ \t\r\n\u202f]+/;

export function splitContext(context: string, tokenizer: WordPieceTokenizer): SquadContext {
  const words = context.split(BLANKS).filter((word) => word !== '');
  const pieces: string[] = [];
  const wordOf: number[] = [];
  const firstPiece: number[] = [];
  for (const [index, word] of words.entries()) {
    firstPiece.push(pieces.length);
    for (const piece of tokenizer.tokenize(word)) {
      wordOf.push(index);
      pieces.push(piece);
    }
  }
  return { words, pieces, numbers: tokenizer.numbers(pieces), wordOf, firstPiece };
}

/** `splitContext` for questions in the order of a file, where those on the same context follow each other. */
export function makeContextSplitter(tokenizer: WordPieceTokenizer): (context: string) => SquadContext {
  let last: string | undefined;
  let split: SquadContext | undefined;
  return (context) => {
    if (split === undefined || context !== last) split = splitContext(context, tokenizer);
    last = context;
    return split;
  };
}

/** @param context of the question, where it is split already */
export function placeWindows(
  question: SquadQuestion,
  tokenizer: WordPieceTokenizer,
  { length, questionLength, stride }: SquadWindowOptions,
  context: SquadContext = splitContext(question.context, tokenizer),
): PlacedQuestion {
  const query = tokenizer.numbers(tokenizer.tokenize(question.question).slice(0, questionLength - 2));
  const room = length - query.length - 3;
  if (room < 1) throw new RangeError(`a length of ${length} leaves no room behind ${query.length} tokens`);
  const span = answerSpan(question, context, tokenizer);
  const begins = [0];
  while ((begins.at(-1) as number) + room < context.pieces.length)
    begins.push((begins.at(-1) as number) + stride);
  const extents = begins.map((begin) => ({ begin, count: Math.min(room, context.pieces.length - begin) }));
  const offset = query.length + 2;
  const windows = extents.map(({ begin, count }, index): WindowPlace => {
    const inside = span && span[0] >= begin && span[1] < begin + count;
    return {
      offset,
      count,
      begin,
      hasMostContext: Array.from({ length: count }, (_, i) => mostContext(extents, begin + i) === index),
      start: inside ? span[0] - begin + offset : 0,
      end: inside ? span[1] - begin + offset : 0,
    };
  });
  return { query, context, windows, answerFound: span !== undefined };
}

/** One window as a BERT reads it, padded to `length`. */
export function encodeWindow(
  { query, context }: Pick<PlacedQuestion, 'query' | 'context'>,
  { begin, count }: Pick<WindowPlace, 'begin' | 'count'>,
  tokenizer: WordPieceTokenizer,
  length: number,
): EncodedText {
  return tokenizer.combine(query, context.numbers.slice(begin, begin + count), length);
}

/**
 * The windows of one question, with the place of its first answer if it has one. With `training` there are none (undefined) where
 * the words of the context do not contain that answer: such examples teach nothing.
 */
export function squadWindows(
  question: SquadQuestion,
  tokenizer: WordPieceTokenizer,
  options: SquadWindowOptions,
  training = false,
): SquadWindow[] | undefined {
  const placed = placeWindows(question, tokenizer, options);
  if (training && !placed.answerFound) return undefined;
  return placed.windows.map((place) => ({
    id: question.id,
    ...place,
    ...encodeWindow(placed, place, tokenizer, options.length),
  }));
}

/** Which window shows this piece with the most context on its smaller side; the first of equals. */
function mostContext(windows: readonly { begin: number; count: number }[], piece: number): number {
  let [best, bestScore] = [-1, Number.NEGATIVE_INFINITY];
  for (const [index, { begin, count }] of windows.entries()) {
    if (piece < begin || piece >= begin + count) continue;
    const score = Math.min(piece - begin, begin + count - 1 - piece) + 0.01 * count;
    if (score > bestScore) [best, bestScore] = [index, score];
  }
  return best;
}

/** First and last piece of the first answer; null: there is none; undefined: the words do not contain it. */
function answerSpan(
  { context, answers }: SquadQuestion,
  { words, pieces, firstPiece }: SquadContext,
  tokenizer: WordPieceTokenizer,
): readonly [number, number] | null | undefined {
  const [answer] = answers;
  if (answer === undefined) return null;
  const wordAt = (character: number) => {
    const before = context
      .slice(0, character + 1)
      .split(BLANKS)
      .filter((word) => word !== '');
    return before.length - 1;
  };
  const firstWord = wordAt(answer.start);
  const lastWord = wordAt(answer.start + answer.text.length - 1);
  const cleaned = answer.text
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
  if (
    !words
      .slice(firstWord, lastWord + 1)
      .join(' ')
      .includes(cleaned)
  )
    return undefined;
  const start = firstPiece[firstWord] as number;
  const end = (firstPiece[lastWord + 1] ?? pieces.length) - 1;
  // A word may hold more than the answer, such as "(1895-1943)," for 1895: narrow to the first pieces that are it.
  const wanted = tokenizer.tokenize(answer.text).join(' ');
  for (let from = start; from <= end; from++) {
    for (let to = end; to >= from; to--) {
      if (pieces.slice(from, to + 1).join(' ') === wanted) return [from, to];
    }
  }
  return [start, end];
}

/** Pieces put together to words again. */
export function joinPieces(pieces: readonly string[]): string {
  return pieces.join(' ').replaceAll(` ${CONTINUATION}`, '').replaceAll(CONTINUATION, '').trim();
}
