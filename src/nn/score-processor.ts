import type * as tf from '@tensorflow/tfjs';
import type { ParameterOwner } from './parameter.ts';

/** What a position encoding or a score transform may want to know about the attention that it serves. */
export interface AttentionContext {
  /** Tq, number of queries. */
  readonly queryLength: number;
  /** Tk, number of keys. Query i stands at position Tk − Tq + i. */
  readonly keyLength: number;
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
  Partial<ParameterOwner>;

/** Rotates or otherwise changes queries (already divided by √d) and keys, each [B, H, T, d], before their product (RoPE). */
export type QueryKeyTransform = (
  queries: tf.Tensor4D,
  keys: tf.Tensor4D,
) => readonly [queries: tf.Tensor4D, keys: tf.Tensor4D];
