import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { RandomStream } from '../random/index.ts';
import { embed } from './functions/embed.ts';
import { type Initializer, normal } from './initializers.ts';
import { createParameter, type Parameter, type ParameterOwner } from './parameter.ts';

export interface EmbeddingOptions {
  /** V */
  readonly rows: number;
  /** D */
  readonly width: number;
  /** Default N(0, 0.02²) (PyTorch: N(0, 1)). */
  readonly initializer?: Initializer;
}

/** A trained table of vectors, looked up by index. */
export class Embedding implements ParameterOwner {
  readonly weight: Parameter; // [V, D]

  constructor({ rows, width, initializer = normal(0.02) }: EmbeddingOptions, stream: RandomStream) {
    this.weight = createParameter('weight', [rows, width], initializer, stream, true);
  }

  /** The table [V, D] itself, owned by the layer. */
  get table(): tf.Tensor2D {
    return this.weight.variable as tf.Tensor as tf.Tensor2D;
  }

  /**
   * @param indices int32 [..], each in [0, V); not checked, see `embed`
   * @returns [.., D]
   * @throws UserError if the indices are not int32
   */
  apply(indices: tf.Tensor): tf.Tensor {
    if (indices.dtype !== 'int32') {
      throw new UserError(`Embedding: the indices must be int32, got ${indices.dtype}.`);
    }
    return embed(this.table, indices);
  }

  parameters(): Parameter[] {
    return [this.weight];
  }

  dispose(): void {
    this.weight.variable.dispose();
  }
}
