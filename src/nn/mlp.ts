import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { gelu } from './functions/gelu.ts';
import { type Initializer, xavierUniform } from './initializers.ts';
import { Linear } from './linear.ts';
import { type Layer, type Parameter, prefixParameters } from './parameter.ts';

export interface MlpOptions {
  /** D, of input and output. */
  readonly width: number;
  /** Between the two maps; 4D in GPT-2 and BERT. */
  readonly hidden: number;
  /** Default: the exact `gelu`. */
  readonly activation?: (x: tf.Tensor) => tf.Tensor;
  /** Of the kernels [D, hidden] and [hidden, D]. Default Xavier-uniform. */
  readonly initializers?: { readonly expand: Initializer; readonly contract: Initializer };
}

/** The plain feed-forward network of a Transformer: Linear, activation, Linear. */
export class Mlp implements Layer {
  readonly expand: Linear; // [D, hidden]
  readonly contract: Linear; // [hidden, D]
  readonly #width: number;
  readonly #activation: (x: tf.Tensor) => tf.Tensor;

  constructor(options: MlpOptions, stream: RandomStream) {
    const { width, hidden, activation = gelu } = options;
    const { expand = xavierUniform(), contract = xavierUniform() } = options.initializers ?? {};
    this.#width = width;
    this.#activation = activation;
    this.expand = new Linear({ inputs: width, outputs: hidden, initializer: expand }, stream);
    this.contract = new Linear({ inputs: hidden, outputs: width, initializer: contract }, stream);
  }

  /**
   * @param x [.., D]
   * @returns [.., D]
   * @throws UserError if the last axis of x is not D
   */
  apply(x: tf.Tensor): tf.Tensor {
    assertShape(x, ['…', this.#width], 'Mlp: the input');
    return tf.tidy(() => {
      const rows = x.reshape([-1, this.#width]); // once for both maps
      return this.contract.apply(this.#activation(this.expand.apply(rows))).reshape(x.shape);
    });
  }

  parameters(): Parameter[] {
    return [...prefixParameters('expand', this.expand), ...prefixParameters('contract', this.contract)];
  }

  dispose(): void {
    this.expand.dispose();
    this.contract.dispose();
  }
}
