import * as tf from '@tensorflow/tfjs';
import type { ParameterOwner } from '../../src/nn/index.ts';
import type { Matrix, Vector } from '../oracle/nn/functions.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

/** Gives every parameter random values, so that no bias is 0 and no gain 1: N(0, deviation²), gains about 1. */
export function randomizeParameters(
  owner: Pick<ParameterOwner, 'parameters'>,
  seed: number,
  deviation = 0.4,
): void {
  const random = new RandomNumbers(seed);
  for (const { name, variable } of owner.parameters()) {
    const centre = name.endsWith('gain') ? 1 : 0;
    const values = random.normals(variable.size).map((value) => centre + deviation * value);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

/** The values of all parameters as nested plain arrays, by the parts of their names: `blocks.0.mlp` is `.blocks[0].mlp`. */
export async function readWeights<Weights>(owner: Pick<ParameterOwner, 'parameters'>): Promise<Weights> {
  const root: Record<string, unknown> = {};
  for (const { name, variable } of owner.parameters()) {
    const path = name.split('.');
    const leaf = path.pop() as string;
    let node = root;
    path.forEach((part, i) => {
      const nextIsIndex = /^\d+$/.test(path[i + 1] ?? leaf);
      node[part] ??= nextIsIndex ? [] : {};
      node = node[part] as Record<string, unknown>;
    });
    node[leaf] = nest(await variable.data(), variable.shape);
  }
  return root as Weights;
}

/** Numbers in row-major order as nested arrays. */
export function nest(values: ArrayLike<number>, shape: readonly number[]): Matrix | Vector {
  if (shape.length < 2) return Array.from(values);
  const [rows, ...rest] = shape as [number, ...number[]];
  const size = values.length / rows;
  const list = Array.from(values);
  return Array.from({ length: rows }, (_, i) =>
    nest(list.slice(i * size, (i + 1) * size), rest),
  ) as unknown as Matrix;
}

/** A seeded tensor of normals, and the same numbers as a matrix of rows of the last axis. */
export function normalMatrix(
  seed: number,
  shape: number[],
  deviation = 1,
): { tensor: tf.Tensor; rows: Matrix } {
  const values = new RandomNumbers(seed)
    .normals(tf.util.sizeFromShape(shape))
    .map((value) => deviation * value);
  const width = shape.at(-1) as number;
  return { tensor: tf.tensor(values, shape), rows: nest(values, [values.length / width, width]) as Matrix };
}
