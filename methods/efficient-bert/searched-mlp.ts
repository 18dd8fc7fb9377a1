import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import {
  type ApplyOptions,
  Dropout,
  type Layer,
  LayerNorm,
  Linear,
  normal,
  type Parameter,
  prefixParameters,
} from '../../src/nn/index.ts';
import type { RandomStream } from '../../src/random/index.ts';
import { resolveFfnBlock, type SearchedMlpOptions } from './config.ts';
import { efficientBertFfn, type FfnBlock, type FfnWeights } from './mlp-block.ts';

/**
 * The searched feed-forward networks of one Transformer layer, residual sums and LayerNorms included, with just the weights
 * that they use: k times kernels [H, e] and [e, H]. As `mlp` of a Transformer block it replaces linear-gelu-linear. For models of
 * `tf.layers`: `EfficientBertMlp`.
 */
export class SearchedMlp implements Layer {
  readonly block: FfnBlock;
  readonly ffns: readonly SearchedFfnLayers[];
  readonly #width: number;
  readonly #dropout: Dropout;

  /** @throws UserError as `resolveFfnBlock`, and for a dropout rate outside [0, 1) */
  constructor(options: SearchedMlpOptions, stream: RandomStream) {
    const { width, initializer = normal(0.02) } = options;
    const block = resolveFfnBlock(options);
    const { expanded, epsilon } = block;
    this.block = block;
    this.#width = width;
    this.#dropout = new Dropout(options.dropout);
    this.ffns = Array.from({ length: block.stackedFfn }, () => ({
      expand: new Linear({ inputs: width, outputs: expanded, initializer }, stream),
      contract: new Linear({ inputs: expanded, outputs: width, initializer }, stream),
      norm: new LayerNorm(width, epsilon, stream),
    }));
  }

  /**
   * @param x [.., H]
   * @returns [.., H]
   * @throws UserError if the last axis of x is not H
   */
  apply(x: tf.Tensor, options: ApplyOptions = {}): tf.Tensor {
    if (x.shape.at(-1) !== this.#width) {
      throw new UserError(
        `SearchedMlp: the input must have shape […, ${this.#width}], got [${x.shape.join(', ')}].`,
      );
    }
    return tf.tidy(() => {
      const rows: tf.Tensor2D = x.reshape([-1, this.#width]);
      const drop = (branch: tf.Tensor2D) => this.#dropout.apply(branch, options);
      return efficientBertFfn(rows, this.ffns.map(weightsOf), this.block, drop).reshape(x.shape);
    });
  }

  /** Named `ffns.0.expand.weight`, `ffns.0.expand.bias`, `ffns.0.contract.weight`, …, `ffns.0.norm.gain`, … */
  parameters(): Parameter[] {
    return this.ffns.flatMap(({ expand, contract, norm }, i) => [
      ...prefixParameters(`ffns.${i}.expand`, expand),
      ...prefixParameters(`ffns.${i}.contract`, contract),
      ...prefixParameters(`ffns.${i}.norm`, norm),
    ]);
  }

  dispose(): void {
    for (const { expand, contract, norm } of this.ffns) {
      expand.dispose();
      contract.dispose();
      norm.dispose();
    }
  }
}

/** One of the k networks. */
export interface SearchedFfnLayers {
  readonly expand: Linear; // [H, e]
  readonly contract: Linear; // [e, H]
  readonly norm: LayerNorm;
}

function weightsOf({ expand, contract, norm }: SearchedFfnLayers): FfnWeights {
  const affine = ({ weight, bias }: Linear) => ({
    weight: weight.variable as tf.Tensor as tf.Tensor2D,
    bias: bias?.variable as tf.Tensor as tf.Tensor1D,
  });
  return {
    expand: affine(expand),
    contract: affine(contract),
    norm: {
      gain: norm.gain.variable as tf.Tensor as tf.Tensor1D,
      bias: norm.bias.variable as tf.Tensor as tf.Tensor1D,
    },
  };
}
