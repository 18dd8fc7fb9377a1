import * as tf from '@tensorflow/tfjs';
import type { AttentionContext, ParameterOwner, ScoreProcessor } from '../../src/nn/index.ts';
import type { Heads } from '../oracle/cdape/encodings.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

/** Random queries and keys of one sequence. */
export function randomHeads(seed: number, sizes: Pick<Heads, 'heads' | 'length' | 'headDim'>): Heads {
  const random = new RandomNumbers(seed);
  const size = sizes.heads * sizes.length * sizes.headDim;
  const draw = () => Array.from(random.normals(size));
  return { ...sizes, queries: draw(), keys: draw() };
}

/** As attention makes them: queries divided by √d. */
export function tensorsOfHeads({ queries, keys, heads, length, headDim }: Heads) {
  const shape = [1, heads, length, headDim] as [number, number, number, number];
  const scaled = queries.map((value) => value / Math.sqrt(headDim));
  return { queries: tf.tensor4d(scaled, shape), keys: tf.tensor4d([...keys], shape) };
}

export function contextOf(
  x: { queries: tf.Tensor4D; keys: tf.Tensor4D },
  changes: Partial<AttentionContext> = {},
): AttentionContext {
  const [, heads, queryLength, headDim] = x.queries.shape;
  const keyLength = x.keys.shape[2];
  return {
    ...x,
    queryLength,
    keyLength,
    firstQuery: keyLength - queryLength,
    heads,
    headDim,
    causal: true,
    training: false,
    layer: 0,
    cached: false,
    keyMask: undefined,
    ...changes,
  };
}

/** What a processor makes of the scores of these queries and keys. */
export function processed(
  process: ScoreProcessor,
  x: { queries: tf.Tensor4D; keys: tf.Tensor4D },
  changes: Partial<AttentionContext> = {},
): tf.Tensor4D {
  return tf.tidy(() => process(tf.matMul(x.queries, x.keys, false, true), contextOf(x, changes)));
}

export function assignValues(
  owner: ParameterOwner,
  values: Readonly<Record<string, readonly number[]>>,
): void {
  for (const { name, variable } of owner.parameters()) {
    const given = values[name];
    if (given) tf.tidy(() => variable.assign(tf.tensor([...given], variable.shape)));
  }
}

/** Random numbers for every parameter, set and returned by name. */
export function randomizeValues(
  owner: ParameterOwner,
  seed: number,
  deviation = 0.5,
): Record<string, number[]> {
  const random = new RandomNumbers(seed);
  const values: Record<string, number[]> = {};
  for (const { name, variable } of owner.parameters()) {
    values[name] = Array.from(random.normals(variable.size), (value) => deviation * value);
  }
  assignValues(owner, values);
  return values;
}
