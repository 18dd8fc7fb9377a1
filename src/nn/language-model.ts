import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { RandomStreams } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { MultiHeadAttention } from './attention.ts';
import { Dropout } from './dropout.ts';
import { Embedding } from './embedding.ts';
import { crossEntropy } from './functions/cross-entropy.ts';
import { normal } from './initializers.ts';
import {
  type LanguageModelConfig,
  type LanguageModelOptions,
  type LanguageModelParts,
  resolveLanguageModelConfig,
} from './language-model-config.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import { Mlp } from './mlp.ts';
import {
  type ApplyOptions,
  type Layer,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
} from './parameter.ts';
import type { PositionEmbedding } from './position-embedding.ts';
import { TransformerBlock } from './transformer-block.ts';

export interface LossOptions extends ApplyOptions {
  /** float32 [B, T]: how much each target counts; default all the same. See `crossEntropy`. */
  readonly weights?: tf.Tensor2D;
}

/**
 * A decoder-only Transformer (Radford et al. 2019, GPT-2): token embedding plus positions, pre-norm blocks with causal
 * attention, a last LayerNorm, and a head. Initial weights as GPT-2: N(0, 0.02²), biases 0, and the last map of each branch
 * divided by √(2L), so that the sum of the 2L branches keeps its size.
 */
export class LanguageModel implements ParameterOwner {
  readonly config: LanguageModelConfig;
  readonly tokens: Embedding; // [V, D]
  readonly positions: Embedding | undefined; // [contextLength, D]
  readonly positionEmbedding: PositionEmbedding | undefined;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: LayerNorm;
  /** Undefined where the head is tied to the token embedding. */
  readonly head: Linear | undefined; // [D, V]
  readonly #dropout: Dropout;
  readonly #shared: ParameterOwner | undefined;

  /**
   * @param streams initial weights are drawn from `init`, dropout masks from `dropout`
   * @throws UserError for sizes that are not positive integers, heads that do not divide the width, or two kinds of position
   *   embedding
   */
  constructor(options: LanguageModelOptions, streams: RandomStreams, parts: LanguageModelParts = {}) {
    const config = resolveLanguageModelConfig(options);
    const { vocabulary, contextLength, width, layers, epsilon } = config;
    const initializer = normal(config.initialDeviation);
    if (parts.positionEmbedding && config.positions !== 'none') {
      throw new UserError(
        "LanguageModel: a positionEmbedding needs positions: 'none', or there would be two.",
      );
    }
    this.config = config;
    this.positionEmbedding = parts.positionEmbedding;
    this.#shared = parts.shared;
    this.#dropout = new Dropout({ rate: config.dropout, stream: streams.dropout });
    this.tokens = new Embedding({ rows: vocabulary, width, initializer }, streams.init);
    this.positions =
      config.positions === 'learned'
        ? new Embedding({ rows: contextLength, width, initializer }, streams.init)
        : undefined;
    this.blocks = Array.from({ length: layers }, (_, layer) => createBlock(config, streams, parts, layer));
    this.finalNorm = new LayerNorm(width, epsilon, streams.init);
    this.head = config.tiedHead
      ? undefined
      : new Linear({ inputs: width, outputs: vocabulary, bias: false, initializer }, streams.init);
  }

  /**
   * Scores of the next token after each position; those at position t depend on tokens 0…t alone.
   *
   * @param tokens int32 [B, T], each in [0, V); not checked, see `embed`
   * @param options with a cache, the tokens continue the sequence in it
   * @returns [B, T, V]
   * @throws UserError for another shape or dtype, or a sequence longer than the learned positions
   */
  logits(tokens: tf.Tensor2D, options: ApplyOptions = {}): tf.Tensor3D {
    const [batch, length] = tokens.shape;
    return tf.tidy(() => this.#logitRows(tokens, options).reshape([batch, length, this.config.vocabulary]));
  }

  /**
   * Mean cross-entropy in nats for each token.
   *
   * @param tokens int32 [B, T]
   * @param targets int32 [B, T]: the token that follows each
   * @returns a scalar
   * @throws UserError as `logits`, or if the shapes differ
   */
  loss(tokens: tf.Tensor2D, targets: tf.Tensor2D, options: LossOptions = {}): tf.Scalar {
    assertShape(targets, tokens.shape, 'LanguageModel: the targets');
    const { weights } = options;
    if (weights) assertShape(weights, tokens.shape, 'LanguageModel: the weights');
    return tf.tidy(() => {
      const labels = targets.reshape([targets.size]) as tf.Tensor1D;
      return crossEntropy(this.#logitRows(tokens, options), labels, weights?.reshape([targets.size]));
    });
  }

  /** [B·T, V] */
  #logitRows(tokens: tf.Tensor2D, options: ApplyOptions): tf.Tensor2D {
    let x: tf.Tensor = this.#dropout.apply(this.#embed(tokens, options), options); // [B, T, D]
    for (const block of this.blocks) x = block.apply(x, options);
    const rows = this.finalNorm.apply(x).reshape([tokens.size, this.config.width]); // [B·T, D]
    if (this.head) return this.head.apply(rows) as tf.Tensor2D;
    return tf.matMul(rows as tf.Tensor2D, this.tokens.table, false, true);
  }

  /** [B, T, D] */
  #embed(tokens: tf.Tensor2D, { cache }: ApplyOptions): tf.Tensor {
    const { contextLength, width } = this.config;
    assertShape(tokens, ['B', 'T'], 'LanguageModel: the tokens');
    const first = cache?.length ?? 0;
    const length = tokens.shape[1];
    const embedded = this.tokens.apply(tokens);
    if (this.positionEmbedding) return tf.add(embedded, this.positionEmbedding(first, length));
    if (!this.positions) return embedded;
    if (first + length > contextLength) {
      throw new UserError(
        `LanguageModel: a sequence of ${first + length} tokens is longer than the ${contextLength} learned positions ` +
          '(contextLength).',
      );
    }
    const table = this.positions.table;
    return tf.add(embedded, length === contextLength ? table : table.slice([first, 0], [length, width]));
  }

  /** Named `tokens.weight`, `positions.weight`, `blocks.0.attention.output.weight`, …, in the order of computation. */
  parameters(): Parameter[] {
    return [
      ...prefixParameters('tokens', this.tokens),
      ...(this.positions ? prefixParameters('positions', this.positions) : []),
      ...prefixParameters('positions', {
        parameters: () => this.positionEmbedding?.parameters?.() ?? [],
      }),
      ...(this.#shared ? prefixParameters('shared', this.#shared) : []),
      ...this.blocks.flatMap((block, layer) => prefixParameters(`blocks.${layer}`, block)),
      ...prefixParameters('finalNorm', this.finalNorm),
      ...(this.head ? prefixParameters('head', this.head) : []),
    ];
  }

  dispose(): void {
    for (const part of [this.tokens, this.positions, ...this.blocks, this.finalNorm, this.head])
      part?.dispose();
    this.positionEmbedding?.dispose?.();
    this.#shared?.dispose();
  }
}

function createBlock(
  config: LanguageModelConfig,
  streams: RandomStreams,
  parts: LanguageModelParts,
  layer: number,
): TransformerBlock {
  const { width, heads, hidden, epsilon, initialDeviation, lastDeviation } = config;
  const inner = normal(initialDeviation);
  const last = normal(lastDeviation);
  const dropout = { rate: config.dropout, stream: streams.dropout };
  const process = parts.process?.(layer);
  const attention = new MultiHeadAttention(
    {
      width,
      heads,
      causal: true,
      dropout,
      layer,
      ...(process && { process }),
      ...(parts.queryKeyTransform && { queryKeyTransform: parts.queryKeyTransform }),
      initializers: { queryKeyValue: inner, output: last },
    },
    streams.init,
  );
  const mlp: Layer =
    parts.mlp?.(layer) ??
    new Mlp({ width, hidden, initializers: { expand: inner, contract: last } }, streams.init);
  return new TransformerBlock({ width, attention, mlp, epsilon, dropout }, streams.init);
}
