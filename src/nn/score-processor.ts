import type * as tf from '@tensorflow/tfjs';
import type { LayerCache } from './key-value-cache.ts';
import type { ParameterOwner } from './parameter.ts';

/** What a position encoding or a score transform may want to know about the attention that it serves. */
export interface AttentionContext {
  /** Tq, number of queries. */
  readonly queryLength: number;
  /** Tk, number of keys: those from position 0. */
  readonly keyLength: number;
  /** Position of the first query; the others follow it. Tk − Tq, unless attention goes by blocks of queries. */
  readonly firstQuery: number;
  /** H */
  readonly heads: number;
  /** d */
  readonly headDim: number;
  /** [B, H, Tq, d], already divided by √d: `queries · keysᵀ` are the scores. */
  readonly queries: tf.Tensor4D;
  /** [B, H, Tk, d] */
  readonly keys: tf.Tensor4D;
  /** Whether later keys will be masked after the processor has run. */
  readonly causal: boolean;
  /** Whether this is a training pass. */
  readonly training: boolean;
  /** Index of the block in its model, where the attention was told. */
  readonly layer: number | undefined;
  /** Whether the keys come from a cache, so that earlier queries of this sequence were processed when it was shorter. */
  readonly cached: boolean;
  /** float32 [B, Tk], 0 at keys that will be masked for every query, else 1; undefined where there are none. */
  readonly keyMask: tf.Tensor2D | undefined;
}

/** What attention has to know of a score processor before it calls it. */
export interface ScoreProcessorNeeds {
  /** How many keys after the last query it must be given, where the sequence goes on. Default 0. */
  readonly keysAfter: number;
  /** How many numbers it holds at once for each query and key of a sequence, to estimate memory. Default H. */
  readonly numbersPerScore: number;
}

/** What an attention layer did with one block of queries. */
export interface AttentionMaps {
  readonly context: AttentionContext;
  readonly process: ScoreProcessor | undefined;
  /** S [B, H, Tq, Tk] */
  readonly scores: tf.Tensor4D;
  /** What `process` made of S [B, H, Tq, Tk]; S itself without one. Later keys are not masked yet. */
  readonly processed: tf.Tensor4D;
  /** Softmax over the keys that a query sees, [B, H, Tq, Tk], 0 at the others. Before dropout. */
  readonly weights: tf.Tensor4D;
}

/**
 * Changes attention scores before they are masked: adds a position bias (ALiBi, Kerple, FIRE), or computes new scores from
 * them and the context (CoPE, CDAPE). Scores of later keys are still there; a processor that mixes keys has to hide them.
 *
 * @param scores S = QKᵀ/√d, [B, H, Tq, Tk]
 * @returns [B, H, Tq, Tk]; may be `scores` itself
 *
 * A processor with weights of its own carries `parameters` and `dispose` (`Object.assign(fn, { parameters, dispose })`); the
 * attention it is given to then owns it and lists its weights as `scores.*`. One that several layers share must be owned by
 * none of them: pass a plain function.
 */
export type ScoreProcessor = ((scores: tf.Tensor4D, context: AttentionContext) => tf.Tensor4D) &
  Partial<ParameterOwner & ScoreProcessorNeeds>;

export interface QueryKeyContext {
  /** Position of the first of these queries and keys. */
  readonly first: number;
  readonly training: boolean;
  readonly layer: number | undefined;
  /** Where the keys will be kept; undefined where this is a whole sequence. */
  readonly cache: LayerCache | undefined;
}

/**
 * Rotates or otherwise changes queries (already divided by √d) and keys of the same positions, each [B, H, T, d], before their
 * product (RoPE). Keys go into a cache as this returns them.
 */
export type QueryKeyTransform = (
  queries: tf.Tensor4D,
  keys: tf.Tensor4D,
  context: QueryKeyContext,
) => readonly [queries: tf.Tensor4D, keys: tf.Tensor4D];
