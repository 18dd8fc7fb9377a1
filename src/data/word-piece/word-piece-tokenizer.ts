import { UserError } from '../../errors.ts';
import { type BasicTokenOptions, basicTokens } from './basic-tokens.ts';

/** Tokens with a meaning of their own, which a text may contain literally. */
export const SPECIAL_TOKENS = {
  padding: '[PAD]',
  unknown: '[UNK]',
  classification: '[CLS]',
  separator: '[SEP]',
  mask: '[MASK]',
} as const;

/** Begins a piece that continues a word. */
export const CONTINUATION = '##';

/** Longer words, in code points, are unknown. */
const LONGEST_WORD = 100;

export interface WordPieceOptions extends Partial<BasicTokenOptions> {
  /** Default true, as bert-base-uncased. */
  readonly lowercase?: boolean;
  /** Default: as `lowercase`. */
  readonly stripAccents?: boolean;
  /** Default true, as BERT. EfficientBERT's own tokenizer does not split them. */
  readonly splitIdeographs?: boolean;
}

/** One sequence as a BERT reads it, each of the length asked for. */
export interface EncodedText {
  readonly tokens: Int32Array;
  /** 0 for the first text, 1 for the second, 0 for padding. */
  readonly segments: Int32Array;
  /** 1 for padding, 0 for tokens (the opposite of Hugging Face's `attention_mask`). */
  readonly padding: Int32Array;
}

/**
 * BERT's tokenizer: words and punctuation marks, each cut into the longest pieces that the vocabulary has, from the left
 * (Wu et al. 2016; Devlin et al. 2019). With `splitIdeographs: false` it gives the tokens of cheneydon/efficient-bert@e4b3025
 * tokenizers/bert_tokenizer.py.
 */
export class WordPieceTokenizer {
  /** Token by number. */
  readonly vocabulary: readonly string[];
  readonly options: BasicTokenOptions;
  /** Number of each special token. */
  readonly special: Readonly<Record<keyof typeof SPECIAL_TOKENS, number>>;
  readonly #numbers: ReadonlyMap<string, number>;

  /** @throws UserError if a special token is not in the vocabulary */
  constructor(vocabulary: readonly string[], options: WordPieceOptions = {}) {
    const { lowercase = true, stripAccents = lowercase, splitIdeographs = true } = options;
    this.vocabulary = vocabulary;
    this.options = { lowercase, stripAccents, splitIdeographs };
    this.#numbers = new Map(vocabulary.map((token, number) => [token, number]));
    const missing = Object.values(SPECIAL_TOKENS).filter((token) => !this.#numbers.has(token));
    if (missing.length > 0) {
      throw new UserError(
        `The WordPiece vocabulary of ${vocabulary.length} tokens does not have ${missing.join(', ')}.`,
      );
    }
    const number = (token: string) => this.#numbers.get(token) as number;
    this.special = {
      padding: number(SPECIAL_TOKENS.padding),
      unknown: number(SPECIAL_TOKENS.unknown),
      classification: number(SPECIAL_TOKENS.classification),
      separator: number(SPECIAL_TOKENS.separator),
      mask: number(SPECIAL_TOKENS.mask),
    };
  }

  /** The pieces of a text, without special tokens but those that stand in it. */
  tokenize(text: string): string[] {
    return text
      .split(/(\[(?:PAD|UNK|CLS|SEP|MASK)\])/)
      .flatMap((part, i) =>
        i % 2 === 1 ? [part] : basicTokens(part, this.options).flatMap((word) => this.#pieces(word)),
      );
  }

  /** The numbers of these tokens; of what the vocabulary does not have, that of `[UNK]`. */
  numbers(tokens: readonly string[]): number[] {
    return tokens.map((token) => this.#numbers.get(token) ?? this.special.unknown);
  }

  /**
   * `[CLS] text [SEP]`, or `[CLS] text [SEP] pair [SEP]`, cut and padded to `length`. What is too long loses tokens one by one at
   * the end of the longer text, of the second where both are equally long.
   *
   * @throws UserError if `length` leaves no room for the special tokens
   */
  encode(
    text: string,
    options: { readonly length: number; readonly pair?: string | undefined },
  ): EncodedText {
    const second = options.pair === undefined ? undefined : this.numbers(this.tokenize(options.pair));
    return this.combine(this.numbers(this.tokenize(text)), second, options.length);
  }

  /** As `encode`, for texts that are tokens already. */
  combine(first: readonly number[], second: readonly number[] | undefined, length: number): EncodedText {
    const specials = second === undefined ? 2 : 3;
    if (!Number.isSafeInteger(length) || length < specials) {
      throw new UserError(`A length of ${length} leaves no room for ${specials} special tokens.`);
    }
    const [a, b] = truncatedLengths(first.length, second?.length ?? 0, length - specials);
    const { classification, separator, padding } = this.special;
    const opening = [classification, ...first.slice(0, a), separator];
    const closing = second === undefined ? [] : [...second.slice(0, b), separator];
    const end = opening.length + closing.length;
    const tokens = new Int32Array(length).fill(padding);
    tokens.set([...opening, ...closing]);
    return {
      tokens,
      segments: new Int32Array(length).fill(1, opening.length, end),
      padding: new Int32Array(length).fill(1, end),
    };
  }

  /**
   * The pieces put together again, words apart by single blanks.
   * @throws RangeError for a number outside the vocabulary
   */
  decode(numbers: ArrayLike<number>): string {
    const tokens = Array.from(numbers, (number, i) => {
      const token = this.vocabulary[number];
      if (token === undefined) {
        throw new RangeError(
          `Token ${number} at position ${i} is none of 0 … ${this.vocabulary.length - 1}.`,
        );
      }
      return token;
    });
    return tokens.join(' ').replaceAll(` ${CONTINUATION}`, '');
  }

  #pieces(word: string): string[] {
    const characters = Array.from(word);
    const unknown = [SPECIAL_TOKENS.unknown];
    if (characters.length > LONGEST_WORD) return unknown;
    const pieces: string[] = [];
    for (let start = 0; start < characters.length; ) {
      let end = characters.length;
      const piece = () => `${start > 0 ? CONTINUATION : ''}${characters.slice(start, end).join('')}`;
      while (end > start && !this.#numbers.has(piece())) end--;
      if (end === start) return unknown;
      pieces.push(piece());
      start = end;
    }
    return pieces;
  }
}

/** How many tokens of each text stay. */
function truncatedLengths(first: number, second: number, room: number): [number, number] {
  let [a, b] = [first, second];
  while (a + b > room) {
    if (a > b) a--;
    else b--;
  }
  return [a, b];
}
