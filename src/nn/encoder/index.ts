export { Encoder, type EncoderTrace } from './encoder.ts';
export { EncoderBlock, type EncoderBlockOptions } from './encoder-block.ts';
export {
  type EncoderInputs,
  InputEmbedding,
  type InputEmbeddingOptions,
  type TokenVectors,
} from './input-embedding.ts';
export { paddingBias } from './padding-bias.ts';
export { Pooler, type PoolerOptions } from './pooler.ts';
export { PostNorm, type PostNormOptions } from './post-norm.ts';
export {
  type Attended,
  type AttendingLayer,
  type EncoderOptions,
  SelfAttention,
  type SelfAttentionOptions,
} from './self-attention.ts';
export { TokenEmbedding, type TokenEmbeddingOptions } from './token-embedding.ts';
