import * as tf from '@tensorflow/tfjs';
import type { CdapeWeights } from '../../methods/cdape/index.ts';
import * as oracle from '../oracle/cdape/cdape.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const numbers = (length: number, value: (index: number) => number) =>
  Array.from({ length }, (_, index) => value(index));

/** The worked example E: H = 2, T = 5, w = 3, k = 3, Kerple p = (1, 0.5), a = (0.5, 0.25). */
export const E: oracle.Sizes = { batch: 1, heads: 2, queries: 5, keys: 5, width: 3, kernelSize: 3 };

/** Of the first `length` tokens of E. */
export function exampleScores(length = E.keys): number[] {
  const values: number[] = [];
  for (let h = 0; h < E.heads; h++) {
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < length; j++) values.push(Math.sin(1 + 0.7 * h + 1.3 * i - 0.9 * j));
    }
  }
  return values;
}

export function exampleValues(length = E.keys): oracle.Values & { readonly bias: readonly number[] } {
  const kernel1: number[] = [];
  const kernel2: number[] = [];
  for (let t = 0; t < 3; t++) {
    for (let c = 0; c < 4; c++) for (let o = 0; o < 3; o++) kernel1.push(0.2 * Math.cos(t + 2 * c + 3 * o));
    for (let c = 0; c < 3; c++) for (let o = 0; o < 2; o++) kernel2.push(0.3 * Math.sin(1 + t - c + 2 * o));
  }
  return {
    scores: exampleScores(length),
    bias: oracle.kerple([1, 0.5], [0.5, 0.25], length),
    kernel1,
    bias1: [-0.1, 0, 0.1],
    kernel2,
    bias2: [0.05, -0.05],
  };
}

/** Normal numbers for any sizes. */
export function randomValues(sizes: oracle.Sizes, seed: number, withBias: boolean): oracle.Values {
  const { batch, heads, queries, keys, width, kernelSize } = sizes;
  const random = new RandomNumbers(seed);
  const draw = (length: number, deviation: number) => numbers(length, () => deviation * random.normal());
  const values: Mutable<oracle.Values> = {
    scores: draw(batch * heads * queries * keys, 1),
    kernel1: draw(kernelSize * (withBias ? 2 : 1) * heads * width, 0.4),
    bias1: draw(width, 0.4),
    kernel2: draw(kernelSize * width * heads, 0.4),
    bias2: draw(heads, 0.4),
  };
  if (withBias) values.bias = draw(heads * queries * keys, 1);
  return values;
}

export interface Tensors {
  readonly scores: tf.Tensor4D;
  readonly bias: tf.Tensor3D | undefined;
  readonly weights: CdapeWeights;
}

export function tensorsOf(values: oracle.Values, sizes: oracle.Sizes): Tensors {
  const { batch, heads, queries, keys, width, kernelSize } = sizes;
  return {
    scores: tf.tensor4d([...values.scores], [batch, heads, queries, keys]),
    bias: values.bias && tf.tensor3d([...values.bias], [heads, queries, keys]),
    weights: {
      kernel1: tf.tensor4d([...values.kernel1], [1, kernelSize, (values.bias ? 2 : 1) * heads, width]),
      bias1: tf.tensor1d([...values.bias1]),
      kernel2: tf.tensor4d([...values.kernel2], [1, kernelSize, width, heads]),
      bias2: tf.tensor1d([...values.bias2]),
    },
  };
}

/** The values of keys that the query sees, of A [.., T, T] row-major, in order. */
export function lowerTriangle(values: ArrayLike<number>, length: number): number[] {
  return Array.from(values).filter((_, index) => index % length <= Math.floor(index / length) % length);
}
