import * as tf from '@tensorflow/tfjs';
import type { RandomStream } from '../random/index.ts';
import { assertShape } from './assert-shape.ts';
import { Dropout, type DropoutOptions } from './dropout.ts';
import { LayerNorm } from './layer-norm.ts';
import { type ApplyOptions, type Layer, type Parameter, prefixParameters } from './parameter.ts';

export interface TransformerBlockOptions {
  /** D */
  readonly width: number;
  /** From [B, T, D] to [B, T, D]; the block owns it. */
  readonly attention: Layer;
  /** From [B, T, D] to [B, T, D]; the block owns it. */
  readonly mlp: Layer;
  /** ε of both LayerNorms. */
  readonly epsilon: number;
  /** Of what each branch adds. Default none. */
  readonly dropout?: DropoutOptions;
}

/** A pre-norm Transformer block: h = x + attention(norm(x)), y = h + mlp(norm(h)). */
export class TransformerBlock implements Layer {
  readonly attentionNorm: LayerNorm;
  readonly attention: Layer;
  readonly mlpNorm: LayerNorm;
  readonly mlp: Layer;
  readonly #width: number;
  readonly #dropout: Dropout;

  constructor(options: TransformerBlockOptions, stream: RandomStream) {
    const { width, attention, mlp, epsilon, dropout } = options;
    this.#width = width;
    this.#dropout = new Dropout(dropout);
    this.attentionNorm = new LayerNorm(width, epsilon, stream);
    this.attention = attention;
    this.mlpNorm = new LayerNorm(width, epsilon, stream);
    this.mlp = mlp;
  }

  /**
   * @param x [B, T, D]
   * @returns [B, T, D]
   * @throws UserError if x has another shape
   */
  apply(x: tf.Tensor, options: ApplyOptions = {}): tf.Tensor3D {
    assertShape(x, ['B', 'T', this.#width], 'TransformerBlock: the input');
    return tf.tidy(() => {
      const attended = this.attention.apply(this.attentionNorm.apply(x), options);
      const h = tf.add(x, this.#dropout.apply(attended, options));
      const transformed = this.mlp.apply(this.mlpNorm.apply(h), options);
      return tf.add(h, this.#dropout.apply(transformed, options)) as tf.Tensor3D;
    });
  }

  parameters(): Parameter[] {
    return [
      ...prefixParameters('attentionNorm', this.attentionNorm),
      ...prefixParameters('attention', this.attention),
      ...prefixParameters('mlpNorm', this.mlpNorm),
      ...prefixParameters('mlp', this.mlp),
    ];
  }

  dispose(): void {
    for (const part of [this.attentionNorm, this.attention, this.mlpNorm, this.mlp]) part.dispose();
  }
}
