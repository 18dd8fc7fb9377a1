import { UserError } from '../../src/errors.ts';
import { ARCHITECTURES, type Architecture } from './architectures.ts';
import { resolveFfnBlock } from './config.ts';
import type { WidthRule } from './width-rule.ts';

/** A whole model: its shape, and how it is trained. Plain data: it is stored with checkpoints and results. */
export interface EfficientBertConfig extends Architecture {
  /** Of every LayerNorm. */
  readonly epsilon: number;
  /** Of the embedding, of what each branch adds, and of the pooler. */
  readonly dropout: number;
  /** Of the attention weights. */
  readonly attentionDropout: number;
  /** Its vector gets no gradient. */
  readonly paddingToken: number;
  /** Standard deviation of new weights. */
  readonly initialDeviation: number;
}

const DEFAULTS: EfficientBertConfig = {
  ...ARCHITECTURES['efficient-bert'],
  epsilon: 1e-5,
  dropout: 0.1,
  attentionDropout: 0.1,
  paddingToken: 0,
  initialDeviation: 0.02,
};

const WIDTH_RULES: readonly WidthRule[] = ['min', 'max'];

/** What differs from EfficientBERT. @throws UserError naming what is no positive integer or out of its range, or as `resolveFfnBlock` */
export function resolveEfficientBertConfig(options: Partial<EfficientBertConfig>): EfficientBertConfig {
  const config: EfficientBertConfig = { ...DEFAULTS, ...options };
  const {
    expressions,
    embeddingWidth,
    fitWidth,
    paddingToken,
    vocabulary,
    width,
    hidden,
    widthRule,
    epsilon,
  } = config;
  const counts = { vocabulary, width, hidden, heads: config.heads, positions: config.positions };
  const optional = {
    embeddingWidth: embeddingWidth ?? 1,
    fitWidth: fitWidth ?? 1,
    segments: config.segments,
  };
  for (const [name, value] of Object.entries({ ...counts, ...optional })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UserError(`EfficientBert: ${name} must be a positive integer, got ${value}.`);
  }
  if (expressions.length === 0)
    throw new UserError('EfficientBert: there is no expression, and so no layer.');
  if (!WIDTH_RULES.includes(widthRule))
    throw new UserError(`EfficientBert: widthRule must be min or max, got ${widthRule}.`);
  if (!Number.isSafeInteger(paddingToken) || paddingToken < 0 || paddingToken >= vocabulary)
    throw new UserError(`EfficientBert: paddingToken ${paddingToken} is none of the ${vocabulary} tokens.`);
  for (const expression of expressions) resolveFfnBlock({ expression, width, hidden, widthRule, epsilon });
  return config;
}
