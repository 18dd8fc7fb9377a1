import { UserError } from '../errors.ts';
import type { Layer, ParameterOwner } from './parameter.ts';
import type { PositionEmbedding } from './position-embedding.ts';
import type { QueryKeyTransform, ScoreProcessor } from './score-processor.ts';

/** The shape of a decoder-only language model. Plain data: it is stored with checkpoints and results. */
export interface LanguageModelConfig {
  /** V, number of tokens. */
  readonly vocabulary: number;
  /** T, the longest sequence where positions are learned. Without learned positions any length is taken. */
  readonly contextLength: number;
  /** D */
  readonly width: number;
  /** L, number of blocks. */
  readonly layers: number;
  /** H; divides D. */
  readonly heads: number;
  /** Width of the plain MLP between its two maps. Default 4D, as GPT-2. */
  readonly hidden: number;
  /** Of embeddings, attention weights and what each branch adds. Default 0. */
  readonly dropout: number;
  /** Of every LayerNorm. Default 1e-5, as PyTorch. */
  readonly epsilon: number;
  /** Learned absolute positions added to the tokens (default, as GPT-2), or none: positions are then `process`'s business. */
  readonly positions: 'learned' | 'none';
  /** Whether the head is the token embedding transposed (default, as GPT-2) or a kernel [D, V] of its own. Neither has a bias. */
  readonly tiedHead: boolean;
  /** Standard deviation of the initial embeddings and kernels. Default 0.02, as GPT-2. */
  readonly initialDeviation: number;
  /** Of the last kernel of each branch. Default initialDeviation/√(2L), as GPT-2: the sum of the 2L branches keeps its size. */
  readonly lastDeviation: number;
}

/** The sizes have no sensible default; the rest does. */
export type LanguageModelOptions = Pick<
  LanguageModelConfig,
  'vocabulary' | 'contextLength' | 'width' | 'layers' | 'heads'
> &
  Partial<LanguageModelConfig>;

/** What a method may replace in each block. The model owns what these return. */
export interface LanguageModelParts {
  /** In place of the plain MLP. */
  readonly mlp?: (layer: number) => Layer;
  /** Score processing of each block's attention. */
  readonly process?: (layer: number) => ScoreProcessor;
  /** Applied to queries and keys of every block. */
  readonly queryKeyTransform?: QueryKeyTransform;
  /** Added to the tokens; for a model without learned positions of its own. */
  readonly positionEmbedding?: PositionEmbedding;
  /** What several of these parts use together; listed as `shared.*`. */
  readonly shared?: ParameterOwner;
}

/** @throws UserError naming the option that is no positive integer, or out of its range */
export function resolveLanguageModelConfig(options: LanguageModelOptions): LanguageModelConfig {
  const config: LanguageModelConfig = {
    hidden: 4 * options.width,
    dropout: 0,
    epsilon: 1e-5,
    positions: 'learned',
    tiedHead: true,
    initialDeviation: 0.02,
    ...options,
    lastDeviation:
      options.lastDeviation ?? (options.initialDeviation ?? 0.02) / Math.sqrt(2 * options.layers),
  };
  for (const name of ['vocabulary', 'contextLength', 'width', 'layers', 'heads', 'hidden'] as const) {
    if (!Number.isSafeInteger(config[name]) || config[name] < 1) {
      throw new UserError(`LanguageModel: ${name} must be a positive integer, got ${config[name]}.`);
    }
  }
  if (!(config.epsilon > 0))
    throw new UserError(`LanguageModel: epsilon must be positive, got ${config.epsilon}.`);
  return config;
}
