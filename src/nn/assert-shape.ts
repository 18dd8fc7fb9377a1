import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';

/**
 * Checks a shape at a public entry. A number is the size an axis must have, a letter names an axis of any size, and a leading
 * `'…'` stands for any number of axes: `['B', 'T', 64]`, `['…', 64]`.
 *
 * @param what names the tensor in the message: 'Linear: the input'
 * @throws UserError naming the shape that was expected and the one that was got
 */
export function assertShape(tensor: tf.Tensor, expected: readonly (number | string)[], what: string): void {
  const open = expected[0] === '…';
  const axes = open ? expected.slice(1) : expected;
  const offset = tensor.rank - axes.length;
  const fits =
    (open ? offset >= 0 : offset === 0) &&
    axes.every((size, axis) => typeof size === 'string' || tensor.shape[offset + axis] === size);
  if (!fits) {
    throw new UserError(
      `${what} must have shape [${expected.join(', ')}], got [${tensor.shape.join(', ')}].`,
    );
  }
}
