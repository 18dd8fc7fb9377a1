import {
  ARCHITECTURES,
  EfficientBert,
  type EfficientBertConfig,
  MOBILE_BERT_TINY,
  MobileBert,
} from '../../methods/efficient-bert/index.ts';
import type { EncoderModel } from '../../src/bert/index.ts';
import type { RandomStreams } from '../../src/random/index.ts';
import { type ArchitectureName, SMALL } from './model-names.ts';

/** Sizes of the model `small`. */
export type SmallSizes = {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** F of the feed-forward networks at ratio 1. */
  readonly hidden: number;
  /** E of the factorised embedding. */
  readonly embeddingWidth: number;
};

export interface EncoderSettings {
  readonly vocabulary: number;
  /** Of everything but attention weights, and of those; undefined: the architecture's own. */
  readonly dropout?: number;
  readonly paddingToken?: number;
  readonly positions?: number;
}

/** An architecture with weights drawn anew, and without the map to a teacher's width. */
export function createEncoder(
  name: ArchitectureName | typeof SMALL,
  settings: EncoderSettings,
  small: SmallSizes,
  streams: RandomStreams,
): EncoderModel {
  const { dropout, ...rest } = settings;
  if (name === 'mobilebert-tiny') {
    return new MobileBert(
      { ...MOBILE_BERT_TINY, ...rest, ...(dropout !== undefined && { dropout }) },
      streams,
    );
  }
  const architecture = name === SMALL ? smallArchitecture(small) : ARCHITECTURES[name];
  const rates = dropout === undefined ? {} : { dropout, attentionDropout: dropout };
  return new EfficientBert({ ...architecture, fitWidth: undefined, ...rest, ...rates }, streams);
}

/** The searched expressions of EfficientBERT in order, from the start again where there are more layers. */
function smallArchitecture({ layers, ...sizes }: SmallSizes): Partial<EfficientBertConfig> {
  const published = ARCHITECTURES['efficient-bert'];
  const { expressions } = published;
  return {
    ...published,
    ...sizes,
    // BERT's 0.02 suits a width of 768: what it adds to narrow states is next to nothing, and training hardly begins.
    initialDeviation: 1 / Math.sqrt(sizes.width),
    expressions: Array.from({ length: layers }, (_, i) => expressions[i % expressions.length] as string),
  };
}
