import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { RandomStream } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { Dropout, type DropoutOptions } from './dropout.ts';
import { type Heads, mergeHeads, splitHeads } from './functions/heads.ts';
import { maskedSoftmax } from './functions/masked-softmax.ts';
import { type Initializer, xavierUniform } from './initializers.ts';
import { Linear } from './linear.ts';
import { type ApplyOptions, type Layer, type Parameter, prefixParameters } from './parameter.ts';
import type { QueryKeyTransform, ScoreProcessor } from './score-processor.ts';

export interface MultiHeadAttentionOptions {
  /** D */
  readonly width: number;
  /** H; divides D. */
  readonly heads: number;
  /** Whether a query sees only keys up to itself. */
  readonly causal: boolean;
  /** Of the attention weights. Default none. */
  readonly dropout?: DropoutOptions;
  /** Applied to the scores before the mask. Default: nothing. */
  readonly process?: ScoreProcessor;
  /** Applied to queries and keys before their product. Default: nothing. */
  readonly queryKeyTransform?: QueryKeyTransform;
  /** Index of the block in its model, for `process`. */
  readonly layer?: number;
  /** Of the kernels [D, 3D] and [D, D]. Default Xavier-uniform for four kernels [D, D]. */
  readonly initializers?: AttentionInitializers;
}

export interface AttentionInitializers {
  readonly queryKeyValue: Initializer;
  readonly output: Initializer;
}

const DEFAULT_INITIALIZERS: AttentionInitializers = {
  queryKeyValue: xavierUniform(Math.SQRT2), // for [D, 3D] the bound that [D, D] has: √2·√(6/4D) = √(6/2D)
  output: xavierUniform(),
};

/**
 * Multi-head self-attention (Vaswani et al. 2017): softmax(process(QKᵀ/√d) + mask)·V for each head, d = D/H, then a projection.
 * Queries, keys and values come from one kernel [D, 3D], its columns in that order, each D columns head by head.
 */
export class MultiHeadAttention implements Layer {
  readonly queryKeyValue: Linear;
  readonly output: Linear;
  readonly #options: MultiHeadAttentionOptions;
  readonly #headDim: number;
  readonly #dropout: Dropout;

  /** @throws UserError if the heads do not divide the width */
  constructor(options: MultiHeadAttentionOptions, stream: RandomStream) {
    const { width, heads, dropout, initializers = DEFAULT_INITIALIZERS } = options;
    if (!Number.isInteger(width / heads)) {
      throw new UserError(`MultiHeadAttention: ${heads} heads do not divide the width ${width}.`);
    }
    this.#options = options;
    this.#headDim = width / heads;
    this.#dropout = new Dropout(dropout);
    const { queryKeyValue, output } = initializers;
    this.queryKeyValue = new Linear(
      { inputs: width, outputs: 3 * width, initializer: queryKeyValue },
      stream,
    );
    this.output = new Linear({ inputs: width, outputs: width, initializer: output }, stream);
  }

  /**
   * @param x [B, T, D]
   * @returns [B, T, D]
   * @throws UserError if x has another shape, or `process` changes the shape of the scores
   */
  apply(x: tf.Tensor, options: ApplyOptions = {}): tf.Tensor3D {
    const { width, causal } = this.#options;
    assertShape(x, ['B', 'T', width], 'MultiHeadAttention: the input');
    const [batch, length] = x.shape as [number, number];
    return tf.tidy(() => {
      const [queries, keys, values] = this.#project(x); // each [B, H, T, d], queries divided by √d
      const raw: tf.Tensor4D = tf.matMul(queries, keys, false, true); // [B, H, T, T]
      const scores = this.#process(raw, queries, keys, options);
      const weights = this.#dropout.apply(maskedSoftmax(scores, causal), options);
      const rows = mergeHeads(tf.matMul(weights, values)); // [B·T, D]
      return this.output.apply(rows).reshape([batch, length, width]);
    });
  }

  #project(x: tf.Tensor): Heads {
    const { width, heads, queryKeyTransform } = this.#options;
    const [batch, length] = x.shape as [number, number];
    const projected = this.queryKeyValue.apply(x.reshape([batch * length, width])); // [B·T, 3D]
    const scale = 1 / Math.sqrt(this.#headDim);
    const [queries, keys, values] = splitHeads(projected as tf.Tensor2D, batch, heads, scale);
    return queryKeyTransform ? [...queryKeyTransform(queries, keys), values] : [queries, keys, values];
  }

  #process(
    scores: tf.Tensor4D,
    queries: tf.Tensor4D,
    keys: tf.Tensor4D,
    { training = false }: ApplyOptions,
  ): tf.Tensor4D {
    const { heads, causal, process, layer } = this.#options;
    if (!process) return scores;
    const [, , queryLength, keyLength] = scores.shape;
    const context = {
      queryLength,
      keyLength,
      heads,
      headDim: this.#headDim,
      queries,
      keys,
      causal,
      training,
      layer,
    };
    const processed = process(scores, context);
    assertShape(processed, scores.shape, 'MultiHeadAttention: what `process` returns');
    return processed;
  }

  parameters(): Parameter[] {
    const { process } = this.#options;
    return [
      ...prefixParameters('queryKeyValue', this.queryKeyValue),
      ...prefixParameters('output', this.output),
      ...prefixParameters('scores', { parameters: () => process?.parameters?.() ?? [] }),
    ];
  }

  dispose(): void {
    this.queryKeyValue.dispose();
    this.output.dispose();
    this.#options.process?.dispose?.();
  }
}
