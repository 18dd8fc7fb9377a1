import { EfficientBert } from '../../methods/efficient-bert/index.ts';
import { SequenceClassifier, SequenceRegressor, SpanExtractor } from '../../src/bert/index.ts';
import { SPECIAL_TOKENS, WordPieceTokenizer } from '../../src/data/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { ExampleSet } from '../../src/tasks/index.ts';

const WORDS = ['good', 'bad', 'film', 'plot', 'the', 'a', 'who', 'made', 'it', 'bob', '?', '.'];
export const tokenizer = new WordPieceTokenizer([...Object.values(SPECIAL_TOKENS), ...WORDS]);
export const LENGTH = 12;

/** One layer; learns quickly since its weights begin large. */
function tinyEncoder(streams: RandomStreams): EfficientBert {
  return new EfficientBert(
    {
      expressions: ['linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)'],
      width: 16,
      heads: 2,
      hidden: 16,
      embeddingWidth: 8,
      fitWidth: undefined,
      vocabulary: tokenizer.vocabulary.length,
      positions: 32,
      initialDeviation: 0.25,
    },
    streams,
  );
}

export function tinyClassifier(streams = new RandomStreams(0)): SequenceClassifier {
  return new SequenceClassifier(tinyEncoder(streams), ['negative', 'positive'], streams);
}

export function tinyRegressor(streams = new RandomStreams(0)): SequenceRegressor {
  return new SequenceRegressor(tinyEncoder(streams), streams);
}

export function tinyExtractor(streams = new RandomStreams(0)): SpanExtractor {
  return new SpanExtractor(tinyEncoder(streams), streams);
}

/** Texts with `good` are of class 1, those with `bad` of class 0. */
export const reviews: ExampleSet = {
  size: 24,
  at(index) {
    const label = index % 2;
    const text = `${index % 3 ? 'the film' : 'a plot'} ${label ? 'good' : 'bad'} ${index % 5 ? '.' : 'it'}`;
    return { ...tokenizer.encode(text, { length: LENGTH }), targets: [label] };
  },
};
