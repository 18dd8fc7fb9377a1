import {
  type Batch,
  type Corpus,
  evaluationWindows,
  maskedEvaluationWindows,
  maskedVocabulary,
  randomMaskedWindows,
  randomWindows,
} from '../../src/data/index.ts';
import { LanguageModel, MaskedLanguageModel, type ParameterOwner } from '../../src/nn/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import type { TrainableModel } from '../../src/training/index.ts';
import type { TaskConfig } from './task.ts';

/** A model and what it is fed. */
export interface ModelAndData {
  readonly model: TrainableModel & ParameterOwner;
  /** A random batch, of so many windows; draws from the stream `data`. */
  nextBatch(batchSize: number): Batch;
  /** The same windows at every call. */
  evaluationBatches(): Iterable<Batch>;
}

export function createModel(task: TaskConfig, corpus: Corpus, streams: RandomStreams): ModelAndData {
  const { width, layers, heads, context, batchSize, validationWindows } = task;
  const sizes = { contextLength: context, width, layers, heads };
  const shape = { batchSize, context };
  if (task.model === 'lm') {
    return {
      model: new LanguageModel({ ...sizes, vocabulary: corpus.vocabulary.size }, streams),
      nextBatch: (rows) => randomWindows(corpus.train, { batchSize: rows, context }, streams.data),
      evaluationBatches: () => evaluationWindows(corpus.validation, shape, validationWindows),
    };
  }
  const vocabulary = maskedVocabulary(corpus.vocabulary.size);
  const train = { split: corpus.train, vocabulary };
  const validation = { split: corpus.validation, vocabulary };
  return {
    model: new MaskedLanguageModel({ ...sizes, vocabulary: vocabulary.size }, streams),
    nextBatch: (rows) => randomMaskedWindows(train, { batchSize: rows, context }, streams.data),
    evaluationBatches: () => maskedEvaluationWindows(validation, shape, validationWindows),
  };
}
