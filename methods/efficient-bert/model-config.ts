import { checkEncoderConfig } from '../../src/bert/index.ts';
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
  const { expressions, positions, segments, width, hidden, widthRule, epsilon } = config;
  const { embeddingWidth = 1, fitWidth = 1 } = config;
  checkEncoderConfig('EfficientBert', config, { positions, segments, hidden, embeddingWidth, fitWidth });
  if (expressions.length === 0)
    throw new UserError('EfficientBert: there is no expression, and so no layer.');
  if (!WIDTH_RULES.includes(widthRule))
    throw new UserError(`EfficientBert: widthRule must be min or max, got ${widthRule}.`);
  for (const expression of expressions) resolveFfnBlock({ expression, width, hidden, widthRule, epsilon });
  return config;
}
