import * as tf from '@tensorflow/tfjs';
import { Dropout, type DropoutOptions } from '../dropout.ts';
import { type ApplyOptions, type Layer, type Parameter, prefixParameters } from '../parameter.ts';

export interface PostNormOptions {
  /** From [.., D] to [.., D]; owned. */
  readonly inner: Layer;
  /** From [.., D] to [.., D], a LayerNorm in most models; owned. */
  readonly norm: Layer;
  /** Of what the inner layer adds. Default none. */
  readonly dropout?: DropoutOptions | undefined;
}

/** A layer with a residual sum that is normalised afterwards, as in the first Transformer and in BERT: norm(x + inner(x)). */
export class PostNorm implements Layer {
  readonly inner: Layer;
  readonly norm: Layer;
  readonly #dropout: Dropout;

  constructor({ inner, norm, dropout }: PostNormOptions) {
    this.inner = inner;
    this.norm = norm;
    this.#dropout = new Dropout(dropout);
  }

  apply(x: tf.Tensor, options: ApplyOptions = {}): tf.Tensor {
    return tf.tidy(() => {
      const branch = this.#dropout.apply(this.inner.apply(x, options), options);
      return this.norm.apply(tf.add(x, branch));
    });
  }

  parameters(): Parameter[] {
    return [...prefixParameters('inner', this.inner), ...prefixParameters('norm', this.norm)];
  }

  dispose(): void {
    this.inner.dispose();
    this.norm.dispose();
  }
}
