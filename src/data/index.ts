export {
  type Corpus,
  type CorpusOptions,
  corpusFromFile,
  corpusFromText,
  DEFAULT_CORPUS_OPTIONS,
  requireContext,
} from './corpus.ts';
export {
  type MaskedText,
  type MaskedVocabulary,
  maskedEvaluationWindows,
  maskedVocabulary,
  randomMaskedWindows,
} from './masked-windows.ts';
export {
  type MaskedSequence,
  type Masking,
  type MaskingOptions,
  makeMasking,
  NOT_PREDICTED,
} from './masking.ts';
export { type RecallStatistics, recallStatistics, shareWithinContext } from './recall-statistics.ts';
export {
  DEFAULT_STORIES,
  generateStories,
  type Recall,
  type Stories,
  type StoryOptions,
  storyCorpus,
} from './stories.ts';
export { readTextFile, type TextFile } from './text-file.ts';
export {
  byteVocabulary,
  characterVocabulary,
  type Vocabulary,
  type VocabularyDescription,
  vocabularyFrom,
} from './vocabulary.ts';
export { type Batch, evaluationWindows, randomWindows, type WindowShape } from './windows.ts';
export * from './word-piece/index.ts';
