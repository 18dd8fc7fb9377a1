import type * as tf from '@tensorflow/tfjs';
import type { Encoder } from '../nn/encoder/index.ts';
import { type Initializer, type Linear, normal, type ParameterOwner, zeros } from '../nn/index.ts';
import type { StoredModel } from './folder/stored-model.ts';

/** How an encoder begins: drawn anew, or with zeros in all matrices, which is quicker, to be filled from a folder. */
export type EncoderStart = 'random' | 'zero';

/** @param deviation of N(0, σ²) */
export function encoderInitializer(start: EncoderStart, deviation: number): Initializer {
  return start === 'zero' ? zeros : normal(deviation);
}

/** What the heads of all encoders need to know. */
export interface EncoderSizes {
  /** V */
  readonly vocabulary: number;
  /** The longest sequence. */
  readonly positions: number;
  /** H, of the hidden states. */
  readonly width: number;
  /** ε of LayerNorms in a head. */
  readonly epsilon: number;
  readonly dropout: number;
  readonly initialDeviation: number;
}

/** A pre-trained or pre-trainable encoder of text, on which heads stand: BERT, EfficientBERT. */
export interface EncoderModel extends ParameterOwner, StoredModel {
  readonly sizes: EncoderSizes;
  /** `encode` and `trace` are here. */
  readonly encoder: Encoder;
  /** Maps hidden states to a teacher's width while distilling; inference does without. */
  readonly fit: Linear | undefined;
  /** Vectors of all tokens [V, E], for a tied head; E may be less than H. Owned by the model. */
  readonly tokenTable: tf.Tensor2D;
}
