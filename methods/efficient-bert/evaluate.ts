import * as tf from '@tensorflow/tfjs';
import { linear } from '../../src/nn/index.ts';
import { ACTIVATION_FUNCTIONS } from './activations.ts';
import type { Expression, WeightsName } from './expression.ts';
import { combine, type WidthRule } from './width-rule.ts';

/** W and b of a map x·W + b. */
export interface AffineWeights {
  readonly weight: tf.Tensor2D; // [in, out]
  readonly bias: tf.Tensor1D; // [out]
}

/**
 * The value of an expression. Differentiable by x and by all weights.
 *
 * @param x [N, H]
 * @param weights wb1: [H, e] and [e]; wb2: [e, H] and [H]
 * @returns a new tensor [N, c], c as `outputWidth` says
 */
export function evaluateExpression(
  expression: Expression,
  x: tf.Tensor2D,
  weights: Readonly<Record<WeightsName, AffineWeights>>,
  rule: WidthRule,
): tf.Tensor2D {
  const value = (node: Expression): tf.Tensor2D => {
    switch (node.kind) {
      case 'input':
        return x;
      case 'linear': {
        const { weight, bias } = weights[node.weights];
        return linear(value(node.input), weight, bias);
      }
      case 'activation':
        return ACTIVATION_FUNCTIONS[node.name](value(node.input));
      case 'combination':
        return combine(node.name, value(node.left), value(node.right), rule);
    }
  };
  return tf.tidy(() => (expression.kind === 'input' ? tf.clone(x) : value(expression)));
}
