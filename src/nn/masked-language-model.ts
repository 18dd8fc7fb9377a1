import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { RandomStreams } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { MultiHeadAttention } from './attention.ts';
import { Dropout } from './dropout.ts';
import { Embedding } from './embedding.ts';
import { crossEntropy } from './functions/cross-entropy.ts';
import { gelu } from './functions/gelu.ts';
import { normal, zeros } from './initializers.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import { Mlp } from './mlp.ts';
import {
  type ApplyOptions,
  createParameter,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
} from './parameter.ts';
import { TransformerBlock } from './transformer-block.ts';

export interface MaskedLanguageModelOptions {
  /** V, special tokens included. */
  readonly vocabulary: number;
  /** T, the longest sequence. */
  readonly contextLength: number;
  /** D */
  readonly width: number;
  /** L */
  readonly layers: number;
  /** H; divides D. */
  readonly heads: number;
  /** Of the MLPs between their two maps. Default 4D. */
  readonly hidden?: number;
  /** Of embeddings, attention weights and what each branch adds. Default 0. */
  readonly dropout?: number;
  /** Of every LayerNorm. Default 1e-12, as BERT. */
  readonly epsilon?: number;
}

/** Of all initial kernels and embeddings, as BERT (there truncated at two deviations). */
const INITIAL_DEVIATION = 0.02;

/**
 * A bidirectional encoder with the head of a masked language model (Devlin et al. 2019, BERT), small and of the blocks that the other
 * models here have: tokens plus positions, LayerNorm, pre-norm blocks in which every token sees every other, a last LayerNorm; head:
 * D→D, GELU, LayerNorm, the token embedding transposed, a bias for each token. BERT itself is post-norm and has segments and a task
 * of sentence pairs besides.
 */
export class MaskedLanguageModel implements ParameterOwner {
  readonly options: Required<MaskedLanguageModelOptions>;
  readonly tokens: Embedding; // [V, D]
  readonly positions: Embedding; // [contextLength, D]
  readonly embeddingNorm: LayerNorm;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: LayerNorm;
  readonly transform: Linear; // [D, D]
  readonly transformNorm: LayerNorm;
  readonly bias: Parameter; // [V]
  readonly #dropout: Dropout;

  /**
   * @param streams initial weights are drawn from `init`, dropout masks from `dropout`
   * @throws UserError for sizes that are not positive integers, or heads that do not divide the width
   */
  constructor(given: MaskedLanguageModelOptions, streams: RandomStreams) {
    const options = resolve(given);
    const { vocabulary, contextLength, width, layers, epsilon } = options;
    const initializer = normal(INITIAL_DEVIATION);
    const { init } = streams;
    this.options = options;
    this.#dropout = new Dropout({ rate: options.dropout, stream: streams.dropout });
    this.tokens = new Embedding({ rows: vocabulary, width, initializer }, init);
    this.positions = new Embedding({ rows: contextLength, width, initializer }, init);
    this.embeddingNorm = new LayerNorm(width, epsilon, init);
    this.blocks = Array.from({ length: layers }, (_, layer) => createBlock(options, streams, layer));
    this.finalNorm = new LayerNorm(width, epsilon, init);
    this.transform = new Linear({ inputs: width, outputs: width, initializer }, init);
    this.transformNorm = new LayerNorm(width, epsilon, init);
    this.bias = createParameter('bias', [vocabulary], zeros, init, false);
  }

  /**
   * Scores of what was at each position; all of them depend on all tokens.
   *
   * @param tokens int32 [B, T], each in [0, V); not checked, see `embed`
   * @returns [B, T, V]
   * @throws UserError for another shape or dtype, or a sequence longer than the positions
   */
  logits(tokens: tf.Tensor2D, options: ApplyOptions = {}): tf.Tensor3D {
    const [batch, length] = tokens.shape;
    return tf.tidy(() => this.#logitRows(tokens, options).reshape([batch, length, this.options.vocabulary]));
  }

  /**
   * Mean cross-entropy in nats over what is predicted.
   *
   * @param tokens int32 [B, T]
   * @param targets int32 [B, T]: the token to predict, or a negative number (NOT_PREDICTED) where there is none
   * @returns a scalar, 0 where nothing is predicted
   * @throws UserError as `logits`, or if the shapes differ
   */
  loss(tokens: tf.Tensor2D, targets: tf.Tensor2D, options: ApplyOptions = {}): tf.Scalar {
    assertShape(targets, tokens.shape, 'MaskedLanguageModel: the targets');
    return tf.tidy(() => {
      const flat = targets.reshape([targets.size]) as tf.Tensor1D;
      const predicted = tf.greaterEqual(flat, tf.scalar(0, 'int32')); // [B·T]
      const labels = tf.mul(flat, tf.cast(predicted, 'int32')) as tf.Tensor1D; // none: 0, with the weight 0
      const weights = tf.cast(predicted, 'float32') as tf.Tensor1D;
      return crossEntropy(this.#logitRows(tokens, options), labels, weights);
    });
  }

  /** [B·T, V] */
  #logitRows(tokens: tf.Tensor2D, options: ApplyOptions): tf.Tensor2D {
    let x: tf.Tensor = this.#dropout.apply(this.embeddingNorm.apply(this.#embed(tokens)), options); // [B, T, D]
    for (const block of this.blocks) x = block.apply(x, options);
    const rows = this.finalNorm.apply(x).reshape([tokens.size, this.options.width]); // [B·T, D]
    const transformed = this.transformNorm.apply(gelu(this.transform.apply(rows)));
    const scores = tf.matMul(transformed as tf.Tensor2D, this.tokens.table, false, true);
    return tf.add(scores, this.bias.variable);
  }

  /** [B, T, D] */
  #embed(tokens: tf.Tensor2D): tf.Tensor {
    const { contextLength, width } = this.options;
    assertShape(tokens, ['B', 'T'], 'MaskedLanguageModel: the tokens');
    const length = tokens.shape[1];
    if (length > contextLength) {
      throw new UserError(
        `MaskedLanguageModel: a sequence of ${length} tokens is longer than the ${contextLength} positions (contextLength).`,
      );
    }
    const table = this.positions.table;
    const positions = length === contextLength ? table : table.slice([0, 0], [length, width]);
    return tf.add(this.tokens.apply(tokens), positions);
  }

  /** Named `tokens.weight`, `positions.weight`, `embeddingNorm.gain`, `blocks.0.attention.output.weight`, …, in the order of computation. */
  parameters(): Parameter[] {
    return [
      ...prefixParameters('tokens', this.tokens),
      ...prefixParameters('positions', this.positions),
      ...prefixParameters('embeddingNorm', this.embeddingNorm),
      ...this.blocks.flatMap((block, layer) => prefixParameters(`blocks.${layer}`, block)),
      ...prefixParameters('finalNorm', this.finalNorm),
      ...prefixParameters('transform', this.transform),
      ...prefixParameters('transformNorm', this.transformNorm),
      ...prefixParameters('head', { parameters: () => [this.bias] }),
    ];
  }

  dispose(): void {
    for (const part of [this.tokens, this.positions, this.embeddingNorm, ...this.blocks]) part.dispose();
    for (const part of [this.finalNorm, this.transform, this.transformNorm]) part.dispose();
    this.bias.variable.dispose();
  }
}

function createBlock(
  { width, heads, hidden, epsilon, dropout: rate }: Required<MaskedLanguageModelOptions>,
  streams: RandomStreams,
  layer: number,
): TransformerBlock {
  const initializer = normal(INITIAL_DEVIATION);
  const dropout = { rate, stream: streams.dropout };
  const initializers = { queryKeyValue: initializer, output: initializer };
  const attention = new MultiHeadAttention(
    { width, heads, causal: false, dropout, layer, initializers },
    streams.init,
  );
  const mlp = new Mlp(
    { width, hidden, initializers: { expand: initializer, contract: initializer } },
    streams.init,
  );
  return new TransformerBlock({ width, attention, mlp, epsilon, dropout }, streams.init);
}

function resolve(given: MaskedLanguageModelOptions): Required<MaskedLanguageModelOptions> {
  const options = { hidden: 4 * given.width, dropout: 0, epsilon: 1e-12, ...given };
  for (const name of ['vocabulary', 'contextLength', 'width', 'layers', 'heads', 'hidden'] as const) {
    if (!Number.isSafeInteger(options[name]) || options[name] < 1) {
      throw new UserError(`MaskedLanguageModel: ${name} must be a positive integer, got ${options[name]}.`);
    }
  }
  if (!(options.epsilon > 0)) {
    throw new UserError(`MaskedLanguageModel: epsilon must be positive, got ${options.epsilon}.`);
  }
  return options;
}
