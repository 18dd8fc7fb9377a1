import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../../random/index.ts';
import { assertShape } from '../assert-shape.ts';
import { Dropout, type DropoutOptions } from '../dropout.ts';
import type { Initializer } from '../initializers.ts';
import { Linear } from '../linear.ts';
import { type ApplyOptions, type Parameter, type ParameterOwner, prefixParameters } from '../parameter.ts';

export interface PoolerOptions {
  /** D */
  readonly width: number;
  readonly initializer: Initializer;
  readonly dropout?: DropoutOptions | undefined;
}

/** One vector for a whole sequence, BERT's way: dropout(tanh(W·h₀ + b)) of the first token's state. */
export class Pooler implements ParameterOwner {
  readonly dense: Linear; // [D, D]
  readonly #width: number;
  readonly #dropout: Dropout;

  constructor({ width, initializer, dropout }: PoolerOptions, stream: RandomStream) {
    this.#width = width;
    this.#dropout = new Dropout(dropout);
    this.dense = new Linear({ inputs: width, outputs: width, initializer }, stream);
  }

  /**
   * @param hidden [B, T, D]
   * @returns [B, D]
   */
  apply(hidden: tf.Tensor3D, options: ApplyOptions = {}): tf.Tensor2D {
    assertShape(hidden, ['B', 'T', this.#width], 'Pooler: the input');
    const [batch] = hidden.shape;
    return tf.tidy(() => {
      const first = hidden.slice([0, 0, 0], [batch, 1, this.#width]).reshape([batch, this.#width]);
      return this.#dropout.apply(tf.tanh(this.dense.apply(first)) as tf.Tensor2D, options);
    });
  }

  parameters(): Parameter[] {
    return prefixParameters('dense', this.dense);
  }

  dispose(): void {
    this.dense.dispose();
  }
}
