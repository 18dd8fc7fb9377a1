import { type BertActivation, type BertConfig, resolveBertConfig } from '../bert-config.ts';
import type { ModelFolder } from './model-folder.ts';
import { SettingsReader } from './settings-reader.ts';

/** Hugging Face's names of the activations. */
const ACTIVATIONS: Readonly<Record<string, BertActivation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  relu: 'relu',
};

/** What config.json says of a BERT. */
export function bertSettings(config: BertConfig): Record<string, unknown> {
  const [activation] = Object.entries(ACTIVATIONS).find(([, ours]) => ours === config.activation) as [
    string,
    string,
  ];
  return {
    model_type: 'bert',
    vocab_size: config.vocabulary,
    max_position_embeddings: config.positions,
    type_vocab_size: config.segments,
    hidden_size: config.width,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    hidden_act: activation,
    layer_norm_eps: config.epsilon,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    pad_token_id: config.paddingToken,
    initializer_range: config.initialDeviation,
    position_embedding_type: 'absolute',
    ...(config.fitWidth !== undefined && { fit_size: config.fitWidth }),
  };
}

/**
 * The shape of the BERT in a folder. Fields that make another model than a BERT encoder are refused; fields that do not concern
 * the forward pass are left alone.
 *
 * @throws UserError (exit code 3) naming the field
 */
export function readBertConfig({ settings, settingsPath }: ModelFolder): BertConfig {
  const fields = new SettingsReader(settings, settingsPath);
  fields.require('model_type', 'bert');
  fields.require('position_embedding_type', 'absolute');
  fields.require('is_decoder', false);
  fields.require('is_encoder_decoder', false);
  fields.require('add_cross_attention', false);
  fields.require('pruned_heads', {});
  fields.require('quantization_config', null);
  const width = fields.integer('hidden_size');
  // TinyBERT and ELECTRA say how wide the vectors of tokens are; a BERT has no map from another width.
  fields.require('emb_size', width);
  fields.require('embedding_size', width);
  const config: BertConfig = {
    vocabulary: fields.integer('vocab_size'),
    positions: fields.integer('max_position_embeddings'),
    segments: fields.integer('type_vocab_size', { default: 2 }),
    width,
    layers: fields.integer('num_hidden_layers'),
    heads: fields.integer('num_attention_heads'),
    hidden: fields.integer('intermediate_size'),
    activation: fields.choice('hidden_act', 'gelu', ACTIVATIONS),
    epsilon: fields.number('layer_norm_eps', 1e-12),
    dropout: fields.number('hidden_dropout_prob', 0.1),
    attentionDropout: fields.number('attention_probs_dropout_prob', 0.1),
    paddingToken: fields.integer('pad_token_id', { default: 0, least: 0 }),
    initialDeviation: fields.number('initializer_range', 0.02),
    fitWidth: fields.optional('fit_size', () => fields.integer('fit_size')),
  };
  return fields.checked(() => resolveBertConfig(config));
}
