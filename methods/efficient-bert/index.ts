export { ARCHITECTURES, type Architecture, BERT_EXPRESSION } from './architectures.ts';
export { buildEncoder } from './build-encoder.ts';
export { resolveFfnBlock, type SearchedMlpOptions } from './config.ts';
export * from './distillation/index.ts';
export { EfficientBert } from './efficient-bert.ts';
export {
  EfficientBertMlp,
  type EfficientBertMlpConfig,
  type EfficientBertMlpOptions,
  registerEfficientBertMlp,
} from './efficient-bert-mlp.ts';
export { type AffineWeights, evaluateExpression } from './evaluate.ts';
export {
  ACTIVATIONS,
  type Activation,
  argumentsOf,
  COMBINATIONS,
  type Combination,
  EXPANSION_RATIOS,
  type Expression,
  expressionHeight,
  expressionSize,
  type FfnSize,
  type LinearExpression,
  linearsOf,
  MAX_STACKED_FFN,
  printExpression,
  type WeightsName,
} from './expression.ts';
export { parseExpression, parseExpressions } from './expression-parser.ts';
export { type HeightRange, type Refusal, refusalsOf, SEARCHED_HEIGHTS } from './legality.ts';
export { type MacCounts, macCounts } from './mac-counts.ts';
export {
  efficientBertFfn,
  expandedWidth,
  type FfnBlock,
  type FfnWeights,
  ffnParameters,
} from './mlp-block.ts';
export { MOBILE_BERT_TINY, MobileBert, type MobileBertConfig, mobileBertMacs } from './mobile-bert.ts';
export { type EfficientBertConfig, resolveEfficientBertConfig } from './model-config.ts';
export {
  headParameters,
  type ParameterCounts,
  parameterCounts,
  tabulatedParameters,
} from './parameter-counts.ts';
export * from './search/index.ts';
export { type SearchedFfnLayers, SearchedMlp } from './searched-mlp.ts';
export { efficientBertSettings, readEfficientBertConfig } from './settings.ts';
export { copyFromSupernet, leadingSlice, supernetOf } from './supernet.ts';
export { TrigramEmbedding, type TrigramEmbeddingOptions } from './trigram-embedding.ts';
export { combine, type ExpressionWidths, outputWidth, type WidthRule } from './width-rule.ts';
