import { EfficientBert } from '../../../methods/efficient-bert/index.ts';
import { Bert, SequenceClassifier } from '../../../src/bert/index.ts';
import { RandomStreams } from '../../../src/random/index.ts';
import { randomizeParameters } from '../../nn/weights.ts';
import { tokenizer } from '../../tasks/fixtures.ts';

const CLASSES = ['negative', 'positive'];
const SHARED = { vocabulary: tokenizer.vocabulary.length, positions: 16, heads: 2 };

/** Of candidates; dropout is on. */
export const SHAPE = {
  ...SHARED,
  width: 12,
  hidden: 12,
  embeddingWidth: 4,
  fitWidth: 10,
  initialDeviation: 0.2,
};

export const EXPRESSIONS = [
  'tanh(linear2_1(gelu(linear2_1(x,wb1)),wb2))',
  'linear1_2(relu(mul(linear1_2(x,wb1),x)),wb2)',
];

/** Two layers, of which the second multiplies. */
export function tinyStudent(streams: RandomStreams): SequenceClassifier {
  return new SequenceClassifier(
    new EfficientBert({ ...SHAPE, expressions: EXPRESSIONS }, streams),
    CLASSES,
    streams,
  );
}

/** Four layers; weights at random, the same each time. */
export function tinyTeacher(): SequenceClassifier {
  const streams = new RandomStreams(9);
  const bert = new Bert({ ...SHARED, width: 10, hidden: 10, layers: 4 }, streams);
  const teacher = new SequenceClassifier(bert, CLASSES, streams);
  randomizeParameters(teacher, 9);
  return teacher;
}

export const TEXT = [
  'the film made it',
  'a plot bob made . who ? bob',
  '',
  'good film . bad plot',
  'it made the plot',
].join('\n');
