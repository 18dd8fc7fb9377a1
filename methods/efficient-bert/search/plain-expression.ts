import type { Activation, Combination, Expression, WeightsName } from '../expression.ts';

/** x·W + b in plain arrays, W square. */
export interface PlainWeights {
  readonly weight: ArrayLike<number>; // [H, H], row by row
  readonly bias: ArrayLike<number>; // [H]
}

/** Rows of numbers in float64, or in float32 where that is what is to be imitated. */
export type Rows = Float64Array | Float32Array;

const ACTIVATION_VALUES: Readonly<Record<Activation, (x: number) => number>> = {
  gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  sigmoid,
  tanh: Math.tanh,
  relu: (x) => Math.max(x, 0),
  leaky_relu: (x) => (x > 0 ? x : 0.01 * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  swish: (x) => x * sigmoid(x),
};

const COMBINATION_VALUES: Readonly<Record<Combination, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: Math.max,
};

/**
 * The value of an expression without tensors: the same bits on every machine, which the keys of duplicates need.
 *
 * @param x [N, H], row by row
 * @returns [N, H], in numbers as wide as those of x
 */
export function plainValue(
  expression: Expression,
  x: Rows,
  weights: Readonly<Record<WeightsName, PlainWeights>>,
): Rows {
  switch (expression.kind) {
    case 'input':
      return x;
    case 'linear':
      return affine(plainValue(expression.input, x, weights), weights[expression.weights]);
    case 'activation':
      return plainValue(expression.input, x, weights).map(ACTIVATION_VALUES[expression.name]);
    case 'combination': {
      const right = plainValue(expression.right, x, weights);
      const combine = COMBINATION_VALUES[expression.name];
      return plainValue(expression.left, x, weights).map((value, i) => combine(value, right[i] as number));
    }
  }
}

function affine(x: Rows, { weight, bias }: PlainWeights): Rows {
  const width = bias.length;
  const output = x.slice();
  const sums = new Float64Array(width);
  for (let row = 0; row < x.length; row += width) {
    for (let j = 0; j < width; j++) sums[j] = bias[j] as number;
    for (let i = 0; i < width; i++) {
      const factor = x[row + i] as number;
      for (let j = 0; j < width; j++) (sums[j] as number) += factor * (weight[i * width + j] as number);
    }
    output.set(sums, row);
  }
  return output;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
