import { UserError } from '../../errors.ts';
import { basicTokens } from './basic-tokens.ts';
import { CONTINUATION, SPECIAL_TOKENS, type WordPieceOptions } from './word-piece-tokenizer.ts';

export interface BuildVocabularyOptions extends WordPieceOptions {
  /** Tokens at most, special ones included. */
  readonly size: number;
  /** A pair of pieces that occurs less often is not joined. Default 2. */
  readonly minimumCount?: number;
}

interface Word {
  pieces: string[];
  readonly count: number;
}

/** Stands between two pieces in the name of a pair; a text cleaned by `basicTokens` holds none. */
const BETWEEN = '\u0000';

/**
 * A WordPiece vocabulary from texts: the special tokens, every character (as beginning and as continuation), then the most
 * frequent pair of neighbouring pieces joined, again and again (Sennrich et al. 2016, as Hugging Face's WordPieceTrainer does).
 * The same texts always give the same vocabulary: of equally frequent pairs the first in code-unit order is taken.
 *
 * @throws UserError if `size` does not even hold the special tokens and the characters
 */
export function buildVocabulary(texts: Iterable<string>, options: BuildVocabularyOptions): string[] {
  const { size, minimumCount = 2 } = options;
  const words = countWords(texts, options);
  const characters = [...new Set(words.flatMap(({ pieces }) => pieces))].sort();
  const vocabulary = new Set([...Object.values(SPECIAL_TOKENS), ...characters]);
  if (vocabulary.size > size) {
    throw new UserError(
      `A WordPiece vocabulary of ${size} tokens cannot hold the ${vocabulary.size - characters.length} special tokens and the ` +
        `${characters.length} characters of the texts.`,
    );
  }
  const pairs = new Pairs(words);
  while (vocabulary.size < size) {
    const best = pairs.mostFrequent();
    if (best === undefined || best.count < minimumCount) break;
    vocabulary.add(pairs.join(best.pair));
  }
  return [...vocabulary];
}

function countWords(texts: Iterable<string>, options: WordPieceOptions): Word[] {
  const { lowercase = true, stripAccents = lowercase, splitIdeographs = true } = options;
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of basicTokens(text, { lowercase, stripAccents, splitIdeographs }))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({
    pieces: Array.from(word, (character, i) => (i === 0 ? character : `${CONTINUATION}${character}`)),
    count,
  }));
}

/** All pairs of neighbouring pieces: how often each occurs, and in which words it may. */
class Pairs {
  readonly #counts = new Map<string, number>();
  readonly #words = new Map<string, Set<Word>>();
  /** Pairs by a count that was theirs at some time, the most frequent on top (binary heap). */
  readonly #heap: { readonly pair: string; readonly count: number }[] = [];

  constructor(words: readonly Word[]) {
    for (const word of words) this.#count(word, 1);
    for (const [pair, count] of this.#counts) this.#push(pair, count);
  }

  mostFrequent(): { readonly pair: string; readonly count: number } | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      const count = this.#counts.get(top.pair) ?? 0;
      if (count === top.count && count > 0) return top;
      this.#pop();
      if (count > 0 && count < top.count) this.#push(top.pair, count);
    }
  }

  /** Makes one piece of a pair wherever it occurs, and returns that piece. */
  join(pair: string): string {
    const [left, right] = pair.split(BETWEEN) as [string, string];
    const joined = left + right.slice(CONTINUATION.length);
    const changed = new Set<string>();
    for (const word of this.#words.get(pair) ?? []) {
      this.#count(word, -1);
      const pieces: string[] = [];
      for (let i = 0; i < word.pieces.length; i++) {
        const here = word.pieces[i] === left && word.pieces[i + 1] === right;
        pieces.push(here ? joined : (word.pieces[i] as string));
        if (here) i++;
      }
      word.pieces = pieces;
      for (const touched of this.#count(word, 1)) changed.add(touched);
    }
    this.#counts.delete(pair);
    for (const touched of changed) this.#push(touched, this.#counts.get(touched) ?? 0);
    return joined;
  }

  #count(word: Word, sign: 1 | -1): string[] {
    const pairs = word.pieces.slice(1).map((right, i) => `${word.pieces[i]}${BETWEEN}${right}`);
    for (const pair of pairs) {
      this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + sign * word.count);
      const words = this.#words.get(pair) ?? new Set();
      if (words.size === 0) this.#words.set(pair, words);
      words.add(word);
    }
    return pairs;
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a === undefined || b === undefined) return a !== undefined;
    return a.count > b.count || (a.count === b.count && a.pair < b.pair);
  }

  #swap(i: number, j: number): void {
    const heap = this.#heap;
    [heap[i], heap[j]] = [heap[j] as (typeof heap)[0], heap[i] as (typeof heap)[0]];
  }

  #push(pair: string, count: number): void {
    let at = this.#heap.push({ pair, count }) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && this.#before(at, parent); parent = (at - 1) >> 1) {
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): void {
    this.#swap(0, this.#heap.length - 1);
    this.#heap.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.#before(right, left) ? right : left;
      if (!this.#before(child, at) || child >= this.#heap.length) return;
      this.#swap(at, child);
      at = child;
    }
  }
}
