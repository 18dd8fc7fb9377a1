export { ARCHITECTURES, type Architecture, BERT_EXPRESSION } from './architectures.ts';
export { type EfficientBertMlpOptions, resolveFfnBlock } from './config.ts';
export { type EfficientBertFfnLayers, EfficientBertMlp } from './efficient-bert-mlp.ts';
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
export {
  efficientBertFfn,
  expandedWidth,
  type FfnBlock,
  type FfnWeights,
  ffnParameters,
} from './mlp-block.ts';
export { type ParameterCounts, parameterCounts } from './parameter-counts.ts';
export { combine, type ExpressionWidths, outputWidth, type WidthRule } from './width-rule.ts';
