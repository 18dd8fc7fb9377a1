import {
  ARCHITECTURES,
  type Architecture,
  EfficientBert,
  MOBILE_BERT_TINY,
  MobileBert,
  type MobileBertConfig,
  macCounts,
  mobileBertMacs,
  parameterCounts,
} from '../../methods/efficient-bert/index.ts';
import type { EncoderModel } from '../../src/bert/index.ts';
import { countParameters } from '../../src/nn/index.ts';
import { RandomStreams } from '../../src/random/index.ts';
import type { ArchitectureName } from '../efficient-bert-models/model-names.ts';

export interface TimedModel {
  readonly name: ArchitectureName;
  readonly model: EncoderModel;
  readonly parameters: number;
  /** Of one sequence of this length. */
  macs(length: number): number;
}

/** With random weights: time does not depend on them. */
export function makeModel(name: ArchitectureName, reducedBy: number): TimedModel {
  const streams = new RandomStreams(0);
  if (name === 'mobilebert-tiny') {
    const config = reducedMobileBert(reducedBy);
    const model = new MobileBert(config, streams);
    const parameters = countParameters(model);
    return { name, model, parameters, macs: (length) => mobileBertMacs(config, length).total };
  }
  const architecture = reduced(ARCHITECTURES[name], reducedBy);
  return {
    name,
    model: new EfficientBert({ ...architecture, fitWidth: undefined }, streams), // inference does without
    parameters: parameterCounts(architecture).total,
    macs: (length) => macCounts(architecture, length).total,
  };
}

function reduced(architecture: Architecture, by: number): Architecture {
  if (by === 1) return architecture;
  const { width, hidden, vocabulary, embeddingWidth } = architecture;
  return {
    ...architecture,
    width: smaller(width, by),
    hidden: smaller(hidden, by),
    heads: 1,
    vocabulary: smaller(vocabulary, by),
    embeddingWidth: embeddingWidth === undefined ? undefined : smaller(embeddingWidth, by),
  };
}

function reducedMobileBert(by: number): MobileBertConfig {
  if (by === 1) return MOBILE_BERT_TINY;
  const { width, innerWidth, embeddingWidth, hidden, vocabulary } = MOBILE_BERT_TINY;
  return {
    ...MOBILE_BERT_TINY,
    width: smaller(width, by),
    innerWidth: smaller(innerWidth, by),
    embeddingWidth: smaller(embeddingWidth, by),
    hidden: smaller(hidden, by),
    heads: 1,
    vocabulary: smaller(vocabulary, by),
  };
}

function smaller(size: number, by: number): number {
  return Math.max(1, Math.floor(size / by));
}
