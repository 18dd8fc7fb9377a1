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

/** One window: `[CLS] question [SEP] pieces of the context [SEP]`. */
export interface SquadWindow extends EncodedText {
  readonly id: string;
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

/** A context in words and in pieces. */
export interface SquadContext {
  readonly words: readonly string[];
  readonly pieces: readonly string[];
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
  return { words, pieces, wordOf, firstPiece };
}

/**
 * The windows of one question. With `training` they carry the place of the first answer, and there are none (undefined) where
 * the words of the context do not contain it: such examples teach nothing.
 */
export function squadWindows(
  question: SquadQuestion,
  tokenizer: WordPieceTokenizer,
  options: SquadWindowOptions,
  training = false,
): SquadWindow[] | undefined {
  const { length, questionLength, stride } = options;
  const context = splitContext(question.context, tokenizer);
  const query = tokenizer.tokenize(question.question).slice(0, questionLength - 2);
  const room = length - query.length - 3;
  if (room < 1) throw new RangeError(`a length of ${length} leaves no room behind ${query.length} tokens`);
  const span = training ? answerSpan(question, context, tokenizer) : null;
  if (span === undefined) return undefined;

  const begins = [0];
  while ((begins.at(-1) as number) + room < context.pieces.length)
    begins.push((begins.at(-1) as number) + stride);
  const extents = begins.map((begin) => ({ begin, count: Math.min(room, context.pieces.length - begin) }));
  const offset = query.length + 2;
  const first = tokenizer.numbers(query);
  return extents.map(({ begin, count }, index) => {
    const inside = span !== null && span[0] >= begin && span[1] < begin + count;
    const encoded = tokenizer.combine(
      first,
      tokenizer.numbers(context.pieces.slice(begin, begin + count)),
      length,
    );
    return {
      ...encoded,
      id: question.id,
      offset,
      count,
      begin,
      hasMostContext: Array.from({ length: count }, (_, i) => mostContext(extents, begin + i) === index),
      start: inside ? span[0] - begin + offset : 0,
      end: inside ? span[1] - begin + offset : 0,
    };
  });
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
