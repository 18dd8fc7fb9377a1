import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import { type Combination, type Expression, printExpression, type WeightsName } from './expression.ts';

/**
 * What add, mul and max do with arguments of different widths: `min` keeps the leading channels of the wider one (the search
 * and all models but one), `max` fills the narrower one up (the model that TinyBERT6's size was searched for).
 */
export type WidthRule = 'min' | 'max';

/** What `max` fills with: nearly neutral for add and mul, and for max the −1e−10 of the authors' code (they meant −1e10). */
const FILL: Readonly<Record<Combination, number>> = { add: 0, mul: 1, max: -1e-10 };

const COMBINE: Readonly<Record<Combination, (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor2D>> = {
  add: (a, b) => tf.add(a, b),
  mul: (a, b) => tf.mul(a, b),
  max: (a, b) => tf.maximum(a, b),
};

/**
 * @param left [N, c₁]
 * @param right [N, c₂]
 * @returns [N, min(c₁, c₂)] or [N, max(c₁, c₂)]
 */
export function combine(
  name: Combination,
  left: tf.Tensor2D,
  right: tf.Tensor2D,
  rule: WidthRule,
): tf.Tensor2D {
  const width = combinedWidth(left.shape[1], right.shape[1], rule);
  return tf.tidy(() => {
    const [a, b] = [withWidth(left, width, FILL[name]), withWidth(right, width, FILL[name])];
    return COMBINE[name](a, b);
  });
}

function withWidth(x: tf.Tensor2D, width: number, fill: number): tf.Tensor2D {
  const [rows, own] = x.shape;
  if (own > width) return tf.slice(x, [0, 0], [rows, width]);
  if (own < width)
    return tf.pad2d(
      x,
      [
        [0, 0],
        [0, width - own],
      ],
      fill,
    );
  return x;
}

function combinedWidth(left: number, right: number, rule: WidthRule): number {
  return rule === 'min' ? Math.min(left, right) : Math.max(left, right);
}

/** The widths that an expression meets. */
export interface ExpressionWidths {
  /** H, of x and of the output of wb2. */
  readonly width: number;
  /** e, between wb1 and wb2. */
  readonly expanded: number;
  readonly rule: WidthRule;
}

/**
 * How many channels an expression has, found without a tensor.
 *
 * @throws UserError where a linear gets more or fewer channels than its weights have rows
 */
export function outputWidth(expression: Expression, widths: ExpressionWidths): number {
  switch (expression.kind) {
    case 'input':
      return widths.width;
    case 'activation':
      return outputWidth(expression.input, widths);
    case 'combination':
      return combinedWidth(
        outputWidth(expression.left, widths),
        outputWidth(expression.right, widths),
        widths.rule,
      );
    case 'linear': {
      const { width, expanded } = widths;
      const shapes: Record<WeightsName, readonly [number, number]> = {
        wb1: [width, expanded],
        wb2: [expanded, width],
      };
      const [rows, columns] = shapes[expression.weights];
      const got = outputWidth(expression.input, widths);
      if (got !== rows) {
        throw new UserError(
          `${expression.weights} takes ${rows} channels, but gets ${got} in ${printExpression(expression)} ` +
            `(width ${width}, expanded to ${expanded}, width rule ${widths.rule}).`,
        );
      }
      return columns;
    }
  }
}
