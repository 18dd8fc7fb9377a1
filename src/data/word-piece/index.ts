export type { BasicTokenOptions } from './basic-tokens.ts';
export { type BuildVocabularyOptions, buildVocabulary } from './build-vocabulary.ts';
export { readTokenizer, tokenizerFiles } from './tokenizer-files.ts';
export {
  CONTINUATION,
  type EncodedText,
  SPECIAL_TOKENS,
  type WordPieceOptions,
  WordPieceTokenizer,
} from './word-piece-tokenizer.ts';
