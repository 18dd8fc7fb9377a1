import type { WidthRule } from './width-rule.ts';

/** The shape of a model: everything that its number of weights depends on. */
export interface Architecture {
  /** f, k and r of each layer's feed-forward networks; as many as there are layers. */
  readonly expressions: readonly string[];
  /** H */
  readonly width: number;
  /** h; divides H. */
  readonly heads: number;
  /** F, hidden width at ratio 1. */
  readonly hidden: number;
  readonly widthRule: WidthRule;
  /** E where the token embedding is factorised (three neighbours [3E] mapped to H), undefined where it is [V, H]. */
  readonly embeddingWidth: number | undefined;
  /** Of the map that fits hidden states to the teacher's width, undefined where there is none. */
  readonly fitWidth: number | undefined;
  /** V */
  readonly vocabulary: number;
  readonly positions: number;
  readonly segments: number;
}

/** The searched expressions, one for each of six layers; all published models use them. */
const SEARCHED: readonly string[] = [
  'tanh(linear4_2(gelu(linear4_2(x,wb1)),wb2))',
  'elu(linear2_1(gelu(linear2_1(x,wb1)),wb2))',
  'sigmoid(linear1_2(relu(linear1_2(x,wb1)),wb2))',
  'linear2_2(gelu(linear2_2(max(x,tanh(x)),wb1)),wb2)',
  'linear1_2(relu(mul(linear1_2(x,wb1),x)),wb2)',
  'leaky_relu(linear2_3(gelu(linear2_3(x,wb1)),wb2))',
];
const SEARCHED_TWICE = SEARCHED.flatMap((expression) => [expression, expression]);

/** BERT's own feed-forward network as an expression. */
export const BERT_EXPRESSION = 'linear1_1(gelu(linear1_1(x,wb1)),wb2)';

/** EfficientBERT, and EfficientBERT+, which differs in how it was trained. */
const EFFICIENT_BERT: Architecture = {
  expressions: SEARCHED,
  width: 540,
  heads: 12,
  hidden: 540,
  widthRule: 'min',
  embeddingWidth: 128,
  fitWidth: 768,
  vocabulary: 30522,
  positions: 512,
  segments: 2,
};

/** BERT-base as EfficientBERT's teacher: gelu by tanh, ε 1e-5. Pre-trained folders open as `Bert`, which has BERT's own. */
const BERT_BASE: Architecture = {
  ...EFFICIENT_BERT,
  expressions: new Array<string>(12).fill(BERT_EXPRESSION),
  width: 768,
  hidden: 3072,
  embeddingWidth: undefined,
  fitWidth: undefined,
};

const TINY: Architecture = { ...EFFICIENT_BERT, width: 360, hidden: 360 };

/** The published models; BERT-base and TinyBERT beside them, to compare with (MobileBERT-tiny: `MobileBert`). */
export const ARCHITECTURES = {
  'efficient-bert-tiny': TINY,
  'efficient-bert': EFFICIENT_BERT,
  'efficient-bert-plus': EFFICIENT_BERT,
  /** As the authors' code builds it. */
  'efficient-bert-plus-plus': { ...TINY, expressions: SEARCHED_TWICE },
  /** As the 16.0 million weights that are reported for it imply. */
  'efficient-bert-plus-plus-as-reported': { ...TINY, expressions: SEARCHED_TWICE, hidden: 540 },
  'efficient-bert-tinybert6': {
    ...EFFICIENT_BERT,
    width: 768,
    hidden: 3072,
    widthRule: 'max',
    embeddingWidth: undefined,
  },
  'bert-base': BERT_BASE,
  /** Jiao et al. 2020, with the map to the teacher's width. */
  'tinybert-4': {
    ...BERT_BASE,
    expressions: new Array<string>(4).fill(BERT_EXPRESSION),
    width: 312,
    hidden: 1200,
    fitWidth: 768,
  },
  'tinybert-6': { ...BERT_BASE, expressions: new Array<string>(6).fill(BERT_EXPRESSION), fitWidth: 768 },
} as const satisfies Record<string, Architecture>;
