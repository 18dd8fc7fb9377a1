import { buildBert, type EncoderBuilder } from '../../src/bert/index.ts';
import { EfficientBert } from './efficient-bert.ts';
import { MobileBert } from './mobile-bert.ts';
import { MOBILE_MODEL_TYPE, readMobileBertConfig } from './mobile-bert-settings.ts';
import { MODEL_TYPE, readEfficientBertConfig } from './settings.ts';

/** For `openModel`: BERT, EfficientBERT and MobileBERT-tiny, as the folder says. */
export const buildEncoder: EncoderBuilder = (folder, streams) => {
  switch (folder.modelType) {
    case MODEL_TYPE:
      return new EfficientBert(readEfficientBertConfig(folder), streams, 'zero');
    case MOBILE_MODEL_TYPE:
      return new MobileBert(readMobileBertConfig(folder), streams, 'zero');
    default:
      return buildBert(folder, streams);
  }
};
