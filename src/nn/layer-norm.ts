import type * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { layerNorm } from './functions/layer-norm.ts';
import { ones, zeros } from './initializers.ts';
import { createParameter, type Layer, type Parameter } from './parameter.ts';

/** Layer normalisation over the last axis, with a trained gain (from one) and bias (from zero). See `layerNorm`. */
export class LayerNorm implements Layer {
  readonly gain: Parameter; // [D]
  readonly bias: Parameter; // [D]
  readonly #width: number;
  readonly #epsilon: number;

  /**
   * @param width D
   * @param epsilon added to the variance: PyTorch 1e-5, BERT 1e-12, tf.layers 1e-3
   */
  constructor(width: number, epsilon: number, stream: RandomStream) {
    this.#width = width;
    this.#epsilon = epsilon;
    this.gain = createParameter('gain', [width], ones, stream, false);
    this.bias = createParameter('bias', [width], zeros, stream, false);
  }

  /**
   * @param x [.., D]
   * @returns [.., D]
   * @throws UserError if the last axis of x is not D
   */
  apply(x: tf.Tensor): tf.Tensor {
    assertShape(x, ['…', this.#width], 'LayerNorm: the input');
    return layerNorm(x, this.gain.variable, this.bias.variable, this.#epsilon);
  }

  parameters(): Parameter[] {
    return [this.gain, this.bias];
  }

  dispose(): void {
    this.gain.variable.dispose();
    this.bias.variable.dispose();
  }
}
