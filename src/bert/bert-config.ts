import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { gelu, geluTanh } from '../nn/index.ts';
import { checkEncoderConfig } from './check-encoder-config.ts';

/** Between the two maps of a feed-forward network. */
export const BERT_ACTIVATIONS = {
  /** With the error function; Hugging Face's `gelu`. */
  gelu: (x: tf.Tensor) => gelu(x),
  /** Approximated by tanh, as in the first BERT code and in EfficientBERT's teacher; Hugging Face's `gelu_new`. */
  'gelu-tanh': (x: tf.Tensor) => geluTanh(x),
  relu: (x: tf.Tensor) => tf.relu(x),
} as const;

export type BertActivation = keyof typeof BERT_ACTIVATIONS;

/** The shape of a BERT (Devlin et al. 2019). Plain data: it is stored with checkpoints and results. */
export interface BertConfig {
  /** V */
  readonly vocabulary: number;
  /** The longest sequence. */
  readonly positions: number;
  readonly segments: number;
  /** H */
  readonly width: number;
  readonly layers: number;
  /** h; divides H. */
  readonly heads: number;
  /** F, width of the feed-forward networks between their two maps. */
  readonly hidden: number;
  readonly activation: BertActivation;
  /** Of every LayerNorm: 1e-12 in BERT, 1e-5 in EfficientBERT's teacher. */
  readonly epsilon: number;
  /** Of the embedding, of what each branch adds, and of the pooler. */
  readonly dropout: number;
  /** Of the attention weights. */
  readonly attentionDropout: number;
  /** Its vector gets no gradient. */
  readonly paddingToken: number;
  /** Standard deviation of new weights. */
  readonly initialDeviation: number;
  /** Of a map that fits hidden states to a teacher's width, as TinyBERT has; undefined where there is none. */
  readonly fitWidth: number | undefined;
}

const BASE: BertConfig = {
  vocabulary: 30_522,
  positions: 512,
  segments: 2,
  width: 768,
  layers: 12,
  heads: 12,
  hidden: 3072,
  activation: 'gelu',
  epsilon: 1e-12,
  dropout: 0.1,
  attentionDropout: 0.1,
  paddingToken: 0,
  initialDeviation: 0.02,
  fitWidth: undefined,
};

/** Published models, uncased. */
export const BERT_CONFIGS = {
  'bert-base': BASE,
  /** Jiao et al. 2020, with the map to the teacher's width. */
  'tinybert-4': { ...BASE, width: 312, layers: 4, hidden: 1200, fitWidth: 768 },
  'tinybert-6': { ...BASE, layers: 6, fitWidth: 768 },
  /** Wang et al. 2020 (MiniLM), cut to every second layer. */
  'minilm-6': { ...BASE, width: 384, layers: 6, hidden: 1536 },
} as const satisfies Record<string, BertConfig>;

/** What differs from BERT-base. @throws UserError naming what is no positive integer, or out of its range */
export function resolveBertConfig(options: Partial<BertConfig>): BertConfig {
  const config: BertConfig = { ...BASE, ...options };
  const { positions, segments, layers, hidden, activation, fitWidth = 1 } = config;
  checkEncoderConfig('Bert', config, { positions, segments, layers, hidden, fitWidth });
  if (!Object.hasOwn(BERT_ACTIVATIONS, activation)) {
    const known = Object.keys(BERT_ACTIVATIONS).join(', ');
    throw new UserError(`Bert: the activation must be one of ${known}, got ${activation}.`);
  }
  return config;
}
