import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { RandomStream } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { checkAttentionMemory } from './attention-memory.ts';
import { Dropout, type DropoutOptions } from './dropout.ts';
import { type Heads, mergeHeads, splitHeads } from './functions/heads.ts';
import { maskedSoftmax } from './functions/masked-softmax.ts';
import { type Initializer, xavierUniform } from './initializers.ts';
import type { LayerCache } from './key-value-cache.ts';
import { Linear } from './linear.ts';
import { type ApplyOptions, type Layer, type Parameter, prefixParameters } from './parameter.ts';
import type { AttentionContext, QueryKeyTransform, ScoreProcessor } from './score-processor.ts';

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
  /** Whether both projections have biases. Default true. */
  readonly bias?: boolean;
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
    const { width, heads, dropout, bias = true, initializers = DEFAULT_INITIALIZERS } = options;
    if (!Number.isInteger(width / heads)) {
      throw new UserError(`MultiHeadAttention: ${heads} heads do not divide the width ${width}.`);
    }
    this.#options = options;
    this.#headDim = width / heads;
    this.#dropout = new Dropout(dropout);
    const { queryKeyValue, output } = initializers;
    this.queryKeyValue = new Linear(
      { inputs: width, outputs: 3 * width, bias, initializer: queryKeyValue },
      stream,
    );
    this.output = new Linear({ inputs: width, outputs: width, bias, initializer: output }, stream);
  }

  /**
   * @param x [B, T, D]
   * @returns [B, T, D]
   * @throws UserError if x has another shape, `process` changes the shape of the scores, or the scores do not fit memory
   */
  apply(x: tf.Tensor, options: ApplyOptions = {}): tf.Tensor3D {
    const { width } = this.#options;
    assertShape(x, ['B', 'T', width], 'MultiHeadAttention: the input');
    const [batch, length] = x.shape as [number, number];
    const cache = this.#cache(options);
    if (options.keyMask)
      assertShape(options.keyMask, [batch, length], 'MultiHeadAttention: keyMask (without a cache)');
    return tf.tidy(() => {
      const first = cache?.length ?? 0;
      const [queries, newKeys, newValues] = this.#project(x, first, options); // each [B, H, T, d], queries divided by √d
      const [keys, values] = cache?.append(newKeys, newValues) ?? [newKeys, newValues];
      const attended = this.#attend(queries, keys, values, first, options); // [B, H, T, d]
      return this.output.apply(mergeHeads(attended)).reshape([batch, length, width]);
    });
  }

  #cache({ cache, keyMask }: ApplyOptions): LayerCache | undefined {
    if (!cache) return undefined;
    const { layer, causal } = this.#options;
    const own = layer === undefined ? undefined : cache.layers[layer];
    if (!own || !causal || keyMask) {
      throw new UserError(
        'MultiHeadAttention: a cache needs causal attention that knows its layer, one of the cache, and no keyMask; got ' +
          `causal ${causal}, layer ${layer} of ${cache.layers.length}.`,
      );
    }
    return own;
  }

  #project(x: tf.Tensor, first: number, { cache, training = false }: ApplyOptions): Heads {
    const { width, heads, queryKeyTransform, layer } = this.#options;
    const [batch, length] = x.shape as [number, number];
    const projected = this.queryKeyValue.apply(x.reshape([batch * length, width])); // [B·T, 3D]
    const scale = 1 / Math.sqrt(this.#headDim);
    const [queries, keys, values] = splitHeads(projected as tf.Tensor2D, batch, heads, scale);
    if (!queryKeyTransform) return [queries, keys, values];
    const context = { first, training, layer, cache: cache?.layers[layer ?? -1] };
    return [...queryKeyTransform(queries, keys, context), values];
  }

  /** All queries, or block by block. [B, H, T, d] */
  #attend(
    queries: tf.Tensor4D,
    keys: tf.Tensor4D,
    values: tf.Tensor4D,
    first: number,
    options: ApplyOptions,
  ): tf.Tensor4D {
    const [batch, heads, length, depth] = queries.shape;
    const keyLength = keys.shape[2];
    const block = options.queryBlock ?? length;
    if (!Number.isSafeInteger(block) || block < 1) {
      throw new UserError(`MultiHeadAttention: queryBlock must be a positive integer, got ${block}.`);
    }
    if (block >= length) return this.#attendBlock(queries, keys, values, first, options);
    const { causal, process } = this.#options;
    const blocks: tf.Tensor4D[] = [];
    for (let start = 0; start < length; start += block) {
      const rows = Math.min(block, length - start);
      const end = first + start + rows;
      const seen = causal ? Math.min(keyLength, end + (process?.keysAfter ?? 0)) : keyLength;
      blocks.push(
        tf.tidy(() => {
          const cut = (x: tf.Tensor4D) => x.slice([0, 0, 0, 0], [batch, heads, seen, depth]);
          const some = queries.slice([0, 0, start, 0], [batch, heads, rows, depth]);
          const keyMask = options.keyMask?.slice([0, 0], [batch, seen]);
          const blockOptions = keyMask ? { ...options, keyMask } : options;
          return this.#attendBlock(some, cut(keys), cut(values), first + start, blockOptions);
        }),
      );
    }
    return tf.concat(blocks, 2);
  }

  /** [B, H, Tq, d] */
  #attendBlock(
    queries: tf.Tensor4D,
    keys: tf.Tensor4D,
    values: tf.Tensor4D,
    firstQuery: number,
    options: ApplyOptions,
  ): tf.Tensor4D {
    const { causal, process } = this.#options;
    const [batch, heads, queryLength, depth] = queries.shape;
    const keyLength = keys.shape[2];
    const numbersPerScore = process?.numbersPerScore ?? heads;
    checkAttentionMemory({ batch, heads, queries: queryLength, keys: keyLength, numbersPerScore });
    const raw: tf.Tensor4D = tf.matMul(queries, keys, false, true); // [B, H, Tq, Tk]
    const context = this.#context(queries, keys, firstQuery, options);
    const processed = process?.(raw, context) ?? raw;
    assertShape(processed, raw.shape, 'MultiHeadAttention: what `process` returns');
    const masked = options.keyMask ? tf.add(processed, keyPenalty(options.keyMask)) : processed;
    // The softmax takes the queries for the last ones: keys that only the processor needed go.
    const seen = causal ? Math.min(keyLength, firstQuery + queryLength) : keyLength;
    const cut = seen < keyLength;
    const scores = cut ? masked.slice([0, 0, 0, 0], [batch, heads, queryLength, seen]) : masked;
    const weights = maskedSoftmax(scores as tf.Tensor4D, causal);
    options.observe?.({
      context,
      process,
      scores: raw,
      processed,
      weights: cut ? tf.pad(weights, [NONE, NONE, NONE, [0, keyLength - seen]]) : weights,
    });
    const visible = cut ? values.slice([0, 0, 0, 0], [batch, heads, seen, depth]) : values;
    return tf.matMul(this.#dropout.apply(weights, options), visible);
  }

  #context(
    queries: tf.Tensor4D,
    keys: tf.Tensor4D,
    firstQuery: number,
    { training = false, cache, keyMask }: ApplyOptions,
  ): AttentionContext {
    const { heads, causal, layer } = this.#options;
    return {
      queryLength: queries.shape[2],
      keyLength: keys.shape[2],
      firstQuery,
      heads,
      headDim: this.#headDim,
      queries,
      keys,
      causal,
      training,
      layer,
      cached: cache !== undefined,
      keyMask,
    };
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

const NONE: [number, number] = [0, 0];

/** [B, 1, 1, Tk]: drowns the scores of keys that no query may see. */
function keyPenalty(keyMask: tf.Tensor2D): tf.Tensor4D {
  const [batch, keys] = keyMask.shape;
  return tf.mul(tf.sub(keyMask, 1), 1e9).reshape([batch, 1, 1, keys]);
}
