import { UserError } from '../errors.ts';

/** What rebuilds a vocabulary: plain JSON, for checkpoints. */
export type VocabularyDescription =
  | { readonly kind: 'byte' }
  | { readonly kind: 'character' /** In the order of their tokens. */; readonly characters: string };

/** Token numbers from 0 to `size` − 1, and back. */
export interface Vocabulary {
  readonly size: number;
  readonly description: VocabularyDescription;
  /** @throws UserError if the text holds a character that the vocabulary does not */
  encode(text: string): Uint16Array;
  /** @throws RangeError if a token is not below `size` */
  decode(tokens: ArrayLike<number>): string;
}

/** A vocabulary may have so many tokens, for they are stored in 16 bits. */
export const LARGEST_VOCABULARY = 65_536;

/**
 * The 256 bytes of UTF-8: any text, no training. `decode` shows U+FFFD where the tokens are no valid UTF-8, as happens when a
 * window begins or ends inside a character.
 */
export function byteVocabulary(): Vocabulary {
  return {
    size: 256,
    description: { kind: 'byte' },
    encode: (text) => Uint16Array.from(new TextEncoder().encode(text)),
    decode: (tokens) => {
      requireTokens(tokens, 256);
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(tokens));
    },
  };
}

/**
 * The distinct Unicode code points of `text`, sorted by number, so that the same set of characters always gives the same tokens.
 * @throws UserError if there are none, or more than 65,536
 */
export function characterVocabulary(text: string): Vocabulary {
  const seen = new Set<number>();
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) as number;
    seen.add(code);
    if (code > 0xffff) i++;
  }
  const codes = [...seen].sort((a, b) => a - b);
  if (codes.length === 0) throw new UserError('A character vocabulary needs a text that is not empty.');
  if (codes.length > LARGEST_VOCABULARY) {
    throw new UserError(
      `The text has ${codes.length} distinct characters, more than ${LARGEST_VOCABULARY}; use the byte vocabulary.`,
    );
  }
  return charactersToTokens(codes);
}

/**
 * Rebuilds a vocabulary from its description.
 * @throws UserError if the characters are not distinct and sorted
 */
export function vocabularyFrom(description: VocabularyDescription): Vocabulary {
  if (description.kind === 'byte') return byteVocabulary();
  const vocabulary = characterVocabulary(description.characters);
  if ((vocabulary.description as { characters: string }).characters !== description.characters) {
    throw new UserError(
      'The characters of a character vocabulary must be distinct and sorted by code point.',
    );
  }
  return vocabulary;
}

function charactersToTokens(codes: readonly number[]): Vocabulary {
  const tokenOf = new Map(codes.map((code, token) => [code, token]));
  const characters = codes.map((code) => String.fromCodePoint(code));
  return {
    size: codes.length,
    description: { kind: 'character', characters: characters.join('') },
    encode: (text) => {
      const tokens = new Uint16Array(text.length); // at most: a pair of surrogates is one character
      let count = 0;
      for (let i = 0; i < text.length; i++) {
        const code = text.codePointAt(i) as number;
        const token = tokenOf.get(code);
        if (token === undefined) {
          throw new UserError(
            `The character ${JSON.stringify(String.fromCodePoint(code))} (U+${code.toString(16).toUpperCase().padStart(4, '0')}) ` +
              `at position ${i} is not in the vocabulary of ${codes.length} characters.`,
          );
        }
        tokens[count++] = token;
        if (code > 0xffff) i++;
      }
      return count === tokens.length ? tokens : tokens.slice(0, count);
    },
    decode: (tokens) => {
      requireTokens(tokens, codes.length);
      return Array.from(tokens, (token) => characters[token] as string).join('');
    },
  };
}

function requireTokens(tokens: ArrayLike<number>, size: number): void {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as number;
    if (!Number.isInteger(token) || token < 0 || token >= size) {
      throw new RangeError(`Token ${token} at position ${i} is none of 0 … ${size - 1}.`);
    }
  }
}
