import { type ModelFolder, SettingsReader } from '../../src/bert/index.ts';
import { type EfficientBertConfig, resolveEfficientBertConfig } from './model-config.ts';
import type { WidthRule } from './width-rule.ts';

/** Of a saved model's config.json. */
export const MODEL_TYPE = 'efficient-bert';

const WIDTH_RULES: Readonly<Record<string, WidthRule>> = { min: 'min', max: 'max' };

/** What a saved model's config.json may hold beside what is read here. */
const NOT_OURS = [
  'architectures',
  'id2label',
  'label2id',
  'problem_type',
  'transformers_version',
  '_name_or_path',
];

/** What config.json says of an EfficientBERT; Hugging Face's names where it has them. */
export function efficientBertSettings(config: EfficientBertConfig): Record<string, unknown> {
  return {
    model_type: MODEL_TYPE,
    vocab_size: config.vocabulary,
    max_position_embeddings: config.positions,
    type_vocab_size: config.segments,
    hidden_size: config.width,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    ffn_expressions: config.expressions,
    ffn_width_rule: config.widthRule,
    ...(config.embeddingWidth !== undefined && { embedding_size: config.embeddingWidth }),
    ...(config.fitWidth !== undefined && { fit_size: config.fitWidth }),
    layer_norm_eps: config.epsilon,
    hidden_dropout_prob: config.dropout,
    attention_probs_dropout_prob: config.attentionDropout,
    pad_token_id: config.paddingToken,
    initializer_range: config.initialDeviation,
  };
}

/** @throws UserError (exit code 3) naming the field that is wrong or unknown, or the expression */
export function readEfficientBertConfig({ settings, settingsPath }: ModelFolder): EfficientBertConfig {
  const fields = new SettingsReader(settings, settingsPath);
  fields.require('model_type', MODEL_TYPE);
  const config = {
    vocabulary: fields.integer('vocab_size'),
    positions: fields.integer('max_position_embeddings'),
    segments: fields.integer('type_vocab_size'),
    width: fields.integer('hidden_size'),
    heads: fields.integer('num_attention_heads'),
    hidden: fields.integer('intermediate_size'),
    expressions: fields.texts('ffn_expressions'),
    widthRule: fields.choice('ffn_width_rule', 'min', WIDTH_RULES),
    embeddingWidth: fields.optional('embedding_size', () => fields.integer('embedding_size')),
    fitWidth: fields.optional('fit_size', () => fields.integer('fit_size')),
    epsilon: fields.number('layer_norm_eps', 1e-5),
    dropout: fields.number('hidden_dropout_prob', 0.1),
    attentionDropout: fields.number('attention_probs_dropout_prob', 0.1),
    paddingToken: fields.integer('pad_token_id', { default: 0, least: 0 }),
    initialDeviation: fields.number('initializer_range', 0.02),
  };
  const unknown = fields.unread().find((field) => !NOT_OURS.includes(field));
  if (unknown !== undefined)
    throw fields.refusal(unknown, settings[unknown], 'an EfficientBERT has no such setting');
  return fields.checked(() => resolveEfficientBertConfig(config));
}
