import { buildBert, type EncoderBuilder } from '../../src/bert/index.ts';
import { EfficientBert } from './efficient-bert.ts';
import { MODEL_TYPE, readEfficientBertConfig } from './settings.ts';

/** For `openModel`: BERT and EfficientBERT, as the folder says. */
export const buildEncoder: EncoderBuilder = (folder, streams) =>
  folder.modelType === MODEL_TYPE
    ? new EfficientBert(readEfficientBertConfig(folder), streams)
    : buildBert(folder, streams);
