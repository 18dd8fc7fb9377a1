import * as tf from '@tensorflow/tfjs';
import { assertShape } from '../assert-shape.ts';
import { type ApplyOptions, type Parameter, type ParameterOwner, prefixParameters } from '../parameter.ts';
import type { EncoderInputs, InputEmbedding } from './input-embedding.ts';
import { paddingBias } from './padding-bias.ts';
import type { AttendingLayer, EncoderOptions } from './self-attention.ts';

/** All that happened inside, for distillation: the caller owns every tensor. */
export interface EncoderTrace {
  /** The embedding, then the output of each block: N + 1 tensors [B, T, D]. */
  readonly hidden: readonly tf.Tensor3D[];
  /** Of each block before softmax, padding at −10,000: N tensors [B, H, T, T]. */
  readonly scores: readonly tf.Tensor4D[];
}

/** An embedding and blocks, one after the other. Owns both. */
export class Encoder implements ParameterOwner {
  readonly embedding: InputEmbedding;
  readonly blocks: readonly AttendingLayer[];

  constructor(embedding: InputEmbedding, blocks: readonly AttendingLayer[]) {
    this.embedding = embedding;
    this.blocks = blocks;
  }

  /**
   * The output of the last block.
   *
   * @returns [B, T, D]
   * @throws UserError as `InputEmbedding.apply`, and for padding of another shape than the tokens
   */
  encode(inputs: EncoderInputs, options: ApplyOptions = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const inBlocks = withPadding(inputs, options);
      let hidden: tf.Tensor = this.embedding.apply(inputs, options);
      for (const block of this.blocks) hidden = block.apply(hidden, inBlocks);
      return hidden as tf.Tensor3D;
    });
  }

  /** As `encode`, with everything on the way. */
  trace(inputs: EncoderInputs, options: ApplyOptions = {}): EncoderTrace {
    return tf.tidy(() => {
      const inBlocks = withPadding(inputs, options);
      const hidden = [this.embedding.apply(inputs, options)];
      const scores: tf.Tensor4D[] = [];
      for (const block of this.blocks) {
        const attended = block.attend(hidden.at(-1) as tf.Tensor, inBlocks);
        hidden.push(attended.output);
        scores.push(attended.scores);
      }
      return { hidden, scores };
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('embedding', this.embedding),
      ...this.blocks.flatMap((block, i) => prefixParameters(`blocks.${i}`, block)),
    ];
  }

  dispose(): void {
    for (const part of [this.embedding, ...this.blocks]) part.dispose();
  }
}

function withPadding({ tokens, padding }: EncoderInputs, options: ApplyOptions): EncoderOptions {
  if (!padding) return options;
  assertShape(padding, tokens.shape, 'The padding of an encoder');
  return { ...options, keyBias: paddingBias(padding) };
}
