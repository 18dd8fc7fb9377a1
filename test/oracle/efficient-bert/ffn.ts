/**
 * Float64 oracle of EfficientBERT's searched feed-forward networks, in plain loops. It reads an expression the way the authors
 * do: a list of words in writing order, put together again by how many arguments each word takes.
 */

import { at, geluTanh, layerNorm, linear, type Matrix, row, type Vector } from '../nn/functions.ts';

export interface Affine {
  readonly weight: Matrix;
  readonly bias: Vector;
}

export interface Ffn {
  readonly expand: Affine;
  readonly contract: Affine;
  readonly norm: { readonly gain: Vector; readonly bias: Vector };
}

type Value = Matrix | Affine;

const UNARY: Record<string, (x: number) => number> = {
  gelu: geluTanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x) => (x > 0 ? x : 0),
  leaky_relu: (x) => (x > 0 ? x : x / 100),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  swish: (x) => x / (1 + Math.exp(-x)),
};

const BINARY: Record<string, { readonly pad: number; readonly apply: (a: number, b: number) => number }> = {
  add: { pad: 0, apply: (a, b) => a + b },
  mul: { pad: 1, apply: (a, b) => a * b },
  max: { pad: -1e-10, apply: (a, b) => (a > b ? a : b) },
};

/** @param mode `min` cuts the wider argument of add, mul and max, `max` pads the narrower one */
export function evaluate(text: string, x: Matrix, wb1: Affine, wb2: Affine, mode: 'min' | 'max'): Matrix {
  const words = text.split(/[ \t\n\r\f\v(),]+/).filter((word) => word !== '');
  let next = 0;
  const value = (): Value => {
    const word = words[next++] as string;
    if (word === 'x') return x;
    if (word === 'wb1') return wb1;
    if (word === 'wb2') return wb2;
    const first = value() as Matrix;
    const unary = UNARY[word];
    if (unary) return first.map((values) => values.map(unary));
    const second = value();
    if (word.startsWith('linear')) {
      const { weight, bias } = second as Affine;
      return linear(first, weight, bias);
    }
    const { pad, apply } = BINARY[word] as (typeof BINARY)[string];
    return first.map((left, i) => {
      const right = row(second as Matrix, i);
      const width = Math[mode](left.length, right.length);
      return Array.from({ length: width }, (_, j) => apply(left[j] ?? pad, right[j] ?? pad));
    });
  };
  return value() as Matrix;
}

/** LN(u + f(u)) for each of the first k networks in turn, of whose hidden units the first e count. ε is 1e-5. */
export function stack(
  text: string,
  u: Matrix,
  ffns: readonly Ffn[],
  { k, e, mode }: { readonly k: number; readonly e: number; readonly mode: 'min' | 'max' },
): Matrix {
  let output = u;
  for (const { expand, contract, norm } of ffns.slice(0, k)) {
    const wb1 = { weight: expand.weight.map((values) => values.slice(0, e)), bias: expand.bias.slice(0, e) };
    const wb2 = { weight: contract.weight.slice(0, e), bias: contract.bias };
    const branch = evaluate(text, output, wb1, wb2, mode);
    const sum = output.map((values, i) => values.map((value, j) => value + at(row(branch, i), j)));
    output = layerNorm(sum, norm.gain, norm.bias, 1e-5);
  }
  return output;
}
