import { type ModelFolder, SettingsReader } from '../../src/bert/index.ts';
import type { MobileBertConfig } from './mobile-bert.ts';

/** Of a saved model's config.json; not Hugging Face's `mobilebert`, whose blocks are others. */
export const MOBILE_MODEL_TYPE = 'mobilebert-tiny';

/** What config.json says of a MobileBERT-tiny; Hugging Face's names where it has them. */
export function mobileBertSettings(config: MobileBertConfig): Record<string, unknown> {
  return {
    model_type: MOBILE_MODEL_TYPE,
    vocab_size: config.vocabulary,
    max_position_embeddings: config.positions,
    type_vocab_size: config.segments,
    hidden_size: config.width,
    true_hidden_size: config.innerWidth,
    embedding_size: config.embeddingWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    num_feedforward_networks: config.stackedFfn,
    pad_token_id: config.paddingToken,
    hidden_dropout_prob: config.dropout,
    initializer_range: config.initialDeviation,
  };
}

/** @throws UserError (exit code 3) naming the field that is wrong */
export function readMobileBertConfig({ settings, settingsPath }: ModelFolder): MobileBertConfig {
  const fields = new SettingsReader(settings, settingsPath);
  fields.require('model_type', MOBILE_MODEL_TYPE);
  return {
    vocabulary: fields.integer('vocab_size'),
    positions: fields.integer('max_position_embeddings'),
    segments: fields.integer('type_vocab_size'),
    width: fields.integer('hidden_size'),
    innerWidth: fields.integer('true_hidden_size'),
    embeddingWidth: fields.integer('embedding_size'),
    layers: fields.integer('num_hidden_layers'),
    heads: fields.integer('num_attention_heads'),
    hidden: fields.integer('intermediate_size'),
    stackedFfn: fields.integer('num_feedforward_networks'),
    paddingToken: fields.integer('pad_token_id', { least: 0 }),
    dropout: fields.number('hidden_dropout_prob', 0.1),
    initialDeviation: fields.number('initializer_range', 0.02),
  };
}
