import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { TextFile } from './text-file.ts';
import { byteVocabulary, characterVocabulary, type Vocabulary } from './vocabulary.ts';

/** A text as tokens, cut in two. */
export interface Corpus {
  /** For people: where the text is from. */
  readonly name: string;
  readonly vocabulary: Vocabulary;
  readonly train: Uint16Array;
  readonly validation: Uint16Array;
  /** Of the text as UTF-8 (of a file: of the whole file), in hexadecimal. */
  readonly sha256: string;
}

export interface CorpusOptions {
  readonly vocabulary?: 'byte' | 'character';
  /** How much of the text, counted in tokens, is held out for validation: its end, in one piece. In (0, 1). */
  readonly validationFraction?: number;
}

export const DEFAULT_CORPUS_OPTIONS: Required<CorpusOptions> = {
  vocabulary: 'character',
  validationFraction: 0.1,
};

/**
 * A corpus from a text file. The character vocabulary is that of the whole text, so that the validation split has no character
 * that training did not number.
 *
 * @throws UserError if the fraction is not in (0, 1), or if the text is too long or too varied for characters
 */
export function corpusFromFile(file: TextFile, options: CorpusOptions = {}): Corpus {
  const { vocabulary = DEFAULT_CORPUS_OPTIONS.vocabulary } = options;
  if (vocabulary === 'byte') {
    return split(file.path, byteVocabulary(), Uint16Array.from(file.bytes), file.sha256, options);
  }
  const text = decodeWhole(file);
  const characters = characterVocabulary(text);
  return split(file.path, characters, characters.encode(text), file.sha256, options);
}

/** As `corpusFromFile`, from a text in memory. */
export function corpusFromText(name: string, text: string, options: CorpusOptions = {}): Corpus {
  const { vocabulary = DEFAULT_CORPUS_OPTIONS.vocabulary } = options;
  const chosen = vocabulary === 'byte' ? byteVocabulary() : characterVocabulary(text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return split(name, chosen, chosen.encode(text), sha256, options);
}

/**
 * Both splits must hold one window: `context` tokens and the one that follows.
 * @throws UserError (exit code 3) with both lengths if one does not
 */
export function requireContext(corpus: Corpus, context: number): void {
  const needed = context + 1;
  if (corpus.train.length >= needed && corpus.validation.length >= needed) return;
  throw new UserError(
    `The text ${corpus.name} is too short: a context of ${context} needs at least ${needed} tokens in each split, but there are ` +
      `${corpus.train.length} for training and ${corpus.validation.length} for validation. Use a longer text or a shorter context.`,
    3,
  );
}

function split(
  name: string,
  vocabulary: Vocabulary,
  tokens: Uint16Array,
  sha256: string,
  options: CorpusOptions,
): Corpus {
  const { validationFraction = DEFAULT_CORPUS_OPTIONS.validationFraction } = options;
  if (!(validationFraction > 0 && validationFraction < 1)) {
    throw new UserError(`The validation fraction must lie between 0 and 1, got ${validationFraction}.`);
  }
  const boundary = tokens.length - Math.round(tokens.length * validationFraction);
  return {
    name,
    vocabulary,
    train: tokens.subarray(0, boundary),
    validation: tokens.subarray(boundary),
    sha256,
  };
}

function decodeWhole(file: TextFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.bytes);
  } catch (error) {
    throw new UserError(
      `The text file ${file.path} (${file.bytes.length} bytes) is too long to be decoded into characters ` +
        `(${(error as Error).message}); use the byte vocabulary.`,
      3,
    );
  }
}
