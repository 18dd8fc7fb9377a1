export { Bert } from './bert.ts';
export {
  BERT_ACTIVATIONS,
  BERT_CONFIGS,
  type BertActivation,
  type BertConfig,
  resolveBertConfig,
} from './bert-config.ts';
export { type CheckedSizes, checkEncoderConfig } from './check-encoder-config.ts';
export {
  type EncoderModel,
  type EncoderSizes,
  type EncoderStart,
  encoderInitializer,
} from './encoder-model.ts';
export { bertSettings, readBertConfig } from './folder/bert-settings.ts';
export { type LoadedWeights, type LoadWeightsOptions, loadWeights } from './folder/load-weights.ts';
export { type ModelFolder, readModelFolder } from './folder/model-folder.ts';
export {
  buildBert,
  type EncoderBuilder,
  type OpenModel,
  type OpenModelOptions,
  openModel,
} from './folder/open-model.ts';
export { saveModel } from './folder/save-model.ts';
export { SettingsReader } from './folder/settings-reader.ts';
export type { StoredModel } from './folder/stored-model.ts';
export * from './folder/stored-tensor.ts';
export { MaskedTokenPredictor, type MaskedTokenPredictorOptions } from './heads/masked-token-predictor.ts';
export { PooledEncoder } from './heads/pooled-encoder.ts';
export { SequenceClassifier } from './heads/sequence-classifier.ts';
export { SequenceRegressor } from './heads/sequence-regressor.ts';
export { SpanExtractor, type SpanLogits } from './heads/span-extractor.ts';
export { type ProvideMiniLmOptions, provideMiniLm } from './minilm.ts';
