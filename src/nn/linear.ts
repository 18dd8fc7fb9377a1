import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { linear } from './functions/linear.ts';
import { type Initializer, xavierUniform, zeros } from './initializers.ts';
import { createParameter, type Layer, type Parameter } from './parameter.ts';

export interface LinearOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Whether b is added. Default true; it starts at zero (PyTorch draws it). */
  readonly bias?: boolean;
  /** Of the kernel [inputs, outputs]. Default Xavier-uniform (PyTorch: Kaiming-uniform with gain √(1/3)). */
  readonly initializer?: Initializer;
}

/** y = xW + b, with the kernel W [inputs, outputs] (PyTorch stores its transpose). */
export class Linear implements Layer {
  readonly weight: Parameter; // [inputs, outputs]
  readonly bias: Parameter | undefined; // [outputs]
  readonly #inputs: number;
  readonly #outputs: number;

  constructor(options: LinearOptions, stream: RandomStream) {
    const { inputs, outputs, bias = true, initializer = xavierUniform() } = options;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.weight = createParameter('weight', [inputs, outputs], initializer, stream, true);
    this.bias = bias ? createParameter('bias', [outputs], zeros, stream, false) : undefined;
  }

  /**
   * @param x [.., inputs], float32
   * @returns [.., outputs]
   * @throws UserError if the last axis of x is not `inputs`
   */
  apply(x: tf.Tensor): tf.Tensor {
    assertShape(x, ['…', this.#inputs], 'Linear: the input');
    const weight = this.weight.variable as tf.Tensor as tf.Tensor2D;
    const bias = this.bias?.variable as tf.Tensor1D | undefined;
    if (x.rank === 2) return linear(x as tf.Tensor2D, weight, bias);
    return tf.tidy(() => {
      // In two dimensions: a kernel broadcast over a batch gets a wrong gradient, and misses the fast kernels.
      const rows = x.reshape([-1, this.#inputs]) as tf.Tensor2D;
      return linear(rows, weight, bias).reshape([...x.shape.slice(0, -1), this.#outputs]);
    });
  }

  parameters(): Parameter[] {
    return this.bias ? [this.weight, this.bias] : [this.weight];
  }

  dispose(): void {
    for (const { variable } of this.parameters()) variable.dispose();
  }
}
