export {
  type AttentionInitializers,
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
} from './attention.ts';
export { type AttentionSize, attentionBytes, checkAttentionMemory } from './attention-memory.ts';
export { Dropout, type DropoutOptions } from './dropout.ts';
export { Embedding, type EmbeddingOptions } from './embedding.ts';
export { crossEntropy } from './functions/cross-entropy.ts';
export { dropout } from './functions/dropout.ts';
export { embed } from './functions/embed.ts';
export { gelu } from './functions/gelu.ts';
export { geluTanh } from './functions/gelu-tanh.ts';
export { layerNorm } from './functions/layer-norm.ts';
export { linear } from './functions/linear.ts';
export { maskedSoftmax } from './functions/masked-softmax.ts';
export { type Forward, withGradient } from './functions/with-gradient.ts';
export { type GenerateOptions, generate } from './generate.ts';
export {
  fans,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  ones,
  truncatedNormal,
  xavierNormal,
  xavierUniform,
  zeros,
} from './initializers.ts';
export { KeyValueCache, LayerCache } from './key-value-cache.ts';
export { LanguageModel, type LossOptions } from './language-model.ts';
export {
  type LanguageModelConfig,
  type LanguageModelOptions,
  type LanguageModelParts,
  resolveLanguageModelConfig,
} from './language-model-config.ts';
export { LayerNorm } from './layer-norm.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { MaskedLanguageModel, type MaskedLanguageModelOptions } from './masked-language-model.ts';
export { Mlp, type MlpOptions } from './mlp.ts';
export {
  type ApplyOptions,
  countParameters,
  createParameter,
  type Layer,
  matchParameters,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
} from './parameter.ts';
export { ParameterVariable } from './parameter-variable.ts';
export type { PositionEmbedding } from './position-embedding.ts';
export type {
  AttentionContext,
  AttentionMaps,
  QueryKeyContext,
  QueryKeyTransform,
  ScoreProcessor,
  ScoreProcessorNeeds,
} from './score-processor.ts';
export { TransformerBlock, type TransformerBlockOptions } from './transformer-block.ts';
