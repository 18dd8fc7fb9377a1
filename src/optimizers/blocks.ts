/** How Adam-mini cuts a variable into blocks, each of which has one second moment. */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { meanOverAxis } from './blocked-mean.ts';

/**
 * - `columns`: a block for each column of a matrix, or index along the last axis: an output of a kernel [inputs, outputs], which
 *   in PyTorch is a row; a token of an output layer [D, V]
 * - `rows`: a block for each row, or index along the first axis: a token of an embedding [V, D]
 * - `{heads}`: a block for each head of a kernel [inputs, heads·d] whose columns come head by head, as those of queries and keys;
 *   of queries, keys and values in one kernel there are three times as many
 * - `whole`: one block, as scalars and vectors are whatever is said
 */
export type Partition = 'columns' | 'rows' | 'whole' | { readonly heads: number };

/** The variable, seen in the shape `view`, has one block for each index along `axes` (ascending); none: it is one block. */
export interface Blocks {
  readonly view: readonly number[];
  readonly axes: readonly number[];
}

/** Throws a UserError where the heads do not divide the columns. */
export function blocksOf(partition: Partition, shape: readonly number[]): Blocks {
  if (shape.length < 2 || partition === 'whole') return { view: shape, axes: [] };
  const last = shape.length - 1;
  if (partition === 'columns') return { view: shape, axes: [last] };
  if (partition === 'rows') return { view: shape, axes: [0] };
  const { heads } = partition;
  const columns = shape[last] as number;
  if (columns % heads !== 0) {
    throw new UserError(
      `AdamMini: ${heads} heads do not divide the ${columns} columns of a variable [${shape}]`,
    );
  }
  return { view: [...shape.slice(0, last), heads, columns / heads], axes: [last] };
}

/** Shape of what there is one of for each block. */
export function blockShape({ view, axes }: Blocks): number[] {
  return axes.map((axis) => view[axis] as number);
}

/** Mean over each block: of the variable's shape → blockShape. The argument is not disposed. */
export function meanOfBlocks(x: tf.Tensor, { view, axes }: Blocks): tf.Tensor {
  return tf.tidy(() =>
    view
      .map((_, axis) => axis)
      .filter((axis) => !axes.includes(axis))
      // From the last axis on, so that those before it keep their numbers.
      .reduceRight((mean, axis) => meanOverAxis(mean, axis), tf.reshape(x, [...view])),
  );
}

/** x / each block's divisor: of the variable's shape, and blockShape → of the variable's shape. Disposes no argument. */
export function divideBlocks(x: tf.Tensor, divisors: tf.Tensor, { view, axes }: Blocks): tf.Tensor {
  return tf.tidy(() => {
    const broadcast = view.map((length, axis) => (axes.includes(axis) ? length : 1));
    const quotient = tf.div(tf.reshape(x, [...view]), tf.reshape(divisors, broadcast));
    return tf.reshape(quotient, x.shape);
  });
}

/** Throws a UserError that says what `where` may be. */
export function checkPartition(where: string, partition: unknown): void {
  if (['columns', 'rows', 'whole'].includes(partition as string)) return;
  const heads = (partition as { heads?: unknown } | undefined)?.heads;
  if (Number.isInteger(heads) && (heads as number) > 0) return;
  throw new UserError(
    `${where} must be 'columns', 'rows', 'whole' or {heads: a whole number}; got ${JSON.stringify(partition)}`,
  );
}
