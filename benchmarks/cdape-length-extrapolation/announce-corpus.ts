import type { Corpus } from '../../src/data/index.ts';
import type { Config } from '../../src/experiment/config.ts';
import type { CellContext } from '../../src/experiment/experiment.ts';
import { loadCorpus } from '../came-training/corpus.ts';
import { type LanguageTask, longestOf } from './config.ts';

/** The user's text or generated stories, long enough for the longest window. */
export function announceCorpus<C extends Config & LanguageTask>({
  config,
  data,
  progress,
}: Pick<CellContext<C>, 'config' | 'data' | 'progress'>): Corpus {
  const corpus = loadCorpus({ ...config, context: longestOf(config) }, data);
  progress.note(
    `Text: ${corpus.name}, ${corpus.train.length.toLocaleString('en-US')} tokens to train on, ` +
      `${corpus.validation.length.toLocaleString('en-US')} to validate, vocabulary ${corpus.vocabulary.size}.`,
  );
  return corpus;
}
