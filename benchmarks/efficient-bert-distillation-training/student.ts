import {
  ARCHITECTURES,
  EfficientBert,
  type EfficientBertConfig,
  type SearchedShape,
} from '../../methods/efficient-bert/index.ts';
import type { EncoderSizes, EncoderStart } from '../../src/bert/index.ts';
import type { WordPieceTokenizer } from '../../src/data/index.ts';
import { SPECIAL_TOKENS } from '../../src/data/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import type { ArchitectureName } from '../efficient-bert-models/model-names.ts';
import { SMALL_STUDENT, type StudentChoice } from './student-choice.ts';

/** A student without its expressions. */
export interface StudentShape {
  readonly shape: SearchedShape;
  readonly layers: number;
  /** The published expressions, from the start again where there are more layers. */
  readonly expressions: readonly string[];
  readonly rest: Partial<EfficientBertConfig>;
}

/** The student of a teacher: with a map to its width, and its vocabulary. */
export function studentShape(
  { student, studentSizes }: StudentChoice,
  teacher: EncoderSizes,
  { vocabulary }: WordPieceTokenizer,
): StudentShape {
  const published = ARCHITECTURES['efficient-bert'];
  const fitWidth = teacher.width;
  const given = { fitWidth, vocabulary: Math.max(vocabulary.length, teacher.vocabulary) };
  const paddingToken = vocabulary.indexOf(SPECIAL_TOKENS.padding);
  if (student === SMALL_STUDENT) {
    const { layers, dropout, ...sizes } = studentSizes;
    const { expressions } = published;
    const { expressions: _, ...shape } = { ...published, ...sizes, ...given };
    return {
      shape,
      layers,
      expressions: Array.from({ length: layers }, (_, i) => expressions[i % expressions.length] as string),
      // BERT's 0.02 suits a width of 768: what it adds to narrow states is next to nothing, and training hardly begins.
      rest: {
        paddingToken,
        dropout,
        attentionDropout: dropout,
        initialDeviation: 1 / Math.sqrt(sizes.width),
      },
    };
  }
  const { expressions, ...shape } = ARCHITECTURES[student as ArchitectureName as keyof typeof ARCHITECTURES];
  return { shape: { ...shape, ...given }, layers: expressions.length, expressions, rest: { paddingToken } };
}

export function buildStudent(
  { shape, rest }: StudentShape,
  expressions: readonly string[],
  streams: RandomStreams,
  start: EncoderStart = 'random',
): EfficientBert {
  return new EfficientBert({ ...shape, ...rest, expressions }, streams, start);
}
