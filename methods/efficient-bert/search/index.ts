export {
  type BoostingSettings,
  type Classifier,
  fitBoostedTrees,
} from './boosted-trees.ts';
export {
  type CandidateScoring,
  DISTILLATION_SETTINGS,
  type DistillationPhase,
  lostFirstStepSchedule,
  SHARED_CANDIDATES,
  TRAINED_CANDIDATES,
} from './candidate-training.ts';
export { JOURNAL_COLUMNS, type JournalRow, journalCsv, journalRows } from './journal.ts';
export { SEARCH_MODES, type SearchManner, type SearchMode } from './modes.ts';
export {
  type CandidateScorer,
  isFinished,
  JOURNAL_FILE,
  type RunSearchOptions,
  runSearch,
  type SearchProgress,
} from './run-search.ts';
export {
  bestCandidates,
  type Candidate,
  type CandidateOrigin,
  type CandidateResult,
  nextCandidates,
  record,
  type ScoredCandidate,
  type SearchState,
  startSearch,
} from './search.ts';
export { parseSearch, printSearch } from './search-file.ts';
export {
  FFN_SIZES,
  type ParameterWindow,
  paperWindow,
  parametersOf,
  plainName,
  type SearchedShape,
  type SizeTable,
  sizeIndex,
  sizeOf,
  sizeTable,
  withSize,
} from './sizes.ts';
export { softCrossEntropy } from './soft-cross-entropy.ts';
export { type Layers, type SearchProblem, SearchSpace } from './space.ts';
export {
  type ArchitectureRow,
  firstStageRows,
  SEARCH_SEED,
  SEARCH_SETTINGS,
  SEARCH_STAGES,
  type SearchSettings,
  type SearchStage,
  type StageName,
  secondStageRows,
  thirdStageRows,
} from './stages.ts';
