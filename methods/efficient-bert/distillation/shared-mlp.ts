import * as tf from '@tensorflow/tfjs';
import { hostTensor } from '../../../src/compile/index.ts';
import {
  type ApplyOptions,
  Dropout,
  type DropoutOptions,
  type Layer,
  type Linear,
  layerNorm,
  type Parameter,
} from '../../../src/nn/index.ts';
import { type AffineWeights, evaluateExpression } from '../evaluate.ts';
import type { Expression } from '../expression.ts';
import type { SearchedFfnLayers } from '../searched-mlp.ts';
import type { WidthRule } from '../width-rule.ts';

export interface SharedMlpOptions {
  /** All k_max networks at full width F; the supernet's. */
  readonly ffns: readonly SearchedFfnLayers[];
  /** f */
  readonly expression: Expression;
  readonly widthRule: WidthRule;
  readonly epsilon: number;
  readonly dropout?: DropoutOptions;
}

/** What of a layer takes part. */
export interface ChosenSize {
  /** k, from the first. */
  readonly stackedFfn: number;
  /** e, hidden units from the first. */
  readonly expanded: number;
}

/**
 * A layer's feed-forward networks with a size that may change from call to call, of a captured function too: the whole is computed,
 * hidden units beyond e meet rows of W₂ that are 0, and networks beyond k pass on what they get. Between wb₁ and wb₂ channels do not
 * mix, so that this is the slice of e units to the bit but for the order of sums. Costs as much as the whole supernet, and no
 * recording for each sub-network.
 */
export class SharedMlp implements Layer {
  readonly #options: SharedMlpOptions;
  readonly #dropout: Dropout;
  #size: ChosenSize;

  constructor(options: SharedMlpOptions, size: ChosenSize) {
    this.#options = options;
    this.#dropout = new Dropout(options.dropout);
    this.#size = size;
  }

  choose(size: ChosenSize): void {
    this.#size = size;
  }

  /** @param x [B, L, H] @returns [B, L, H] */
  apply(x: tf.Tensor, options: ApplyOptions = {}): tf.Tensor {
    const { ffns, expression, widthRule, epsilon } = this.#options;
    const hidden = ffns[0]?.expand.weight.variable.shape[1] as number; // F
    return tf.tidy(() => {
      const units = leadingOnes(() => this.#size.expanded, hidden).expandDims<tf.Tensor2D>(1); // [F, 1]
      const gates = tf.unstack(leadingOnes(() => this.#size.stackedFfn, ffns.length)) as tf.Scalar[];
      let output = x.reshape([-1, x.shape.at(-1) as number]) as tf.Tensor2D; // [B·L, H]
      for (const [i, { expand, contract, norm }] of ffns.entries()) {
        const gate = gates[i] as tf.Scalar;
        const whole = affine(contract);
        const wb2 = { ...whole, weight: tf.mul(whole.weight, units) as tf.Tensor2D };
        const branch = evaluateExpression(expression, output, { wb1: affine(expand), wb2 }, widthRule);
        const residual = tf.add(output, this.#dropout.apply(branch, options));
        const next = layerNorm(residual, norm.gain.variable, norm.bias.variable, epsilon);
        output = tf.add(tf.mul(next, gate), tf.mul(output, tf.sub(1, gate))) as tf.Tensor2D; // one of the two
      }
      return output.reshape(x.shape);
    });
  }

  /** None: they are the supernet's. */
  parameters(): Parameter[] {
    return [];
  }

  dispose(): void {}
}

/** [length]: 1 for the first `count()`, then 0. */
function leadingOnes(count: () => number, length: number): tf.Tensor1D {
  return hostTensor<tf.Rank.R1>(() => {
    const ones = count();
    return Array.from({ length }, (_, i) => Number(i < ones));
  }, [length]);
}

function affine({ weight, bias }: Linear): AffineWeights {
  return {
    weight: weight.variable as tf.Tensor as tf.Tensor2D,
    bias: bias?.variable as tf.Tensor as tf.Tensor1D,
  };
}
