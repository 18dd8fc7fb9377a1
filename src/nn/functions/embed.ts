import * as tf from '@tensorflow/tfjs';
import { withGradient } from './with-gradient.ts';

/**
 * Rows of a table by index. The gradient is dense: [V, D], zero in the rows that were not asked for. An index outside [0, V)
 * is an error on `tensorflow` and undefined elsewhere: it is not checked, since that would need the values on the host.
 *
 * @param table [V, D]
 * @param indices int32 [..]
 * @returns [.., D]
 */
export function embed(table: tf.Tensor2D, indices: tf.Tensor): tf.Tensor {
  const [rows, width] = table.shape;
  return withGradient(
    [table],
    () => ({ value: tf.gather(table, indices), saved: [indices] }),
    // tf.gather's own gradient does the same between two transposes that move nothing.
    (dy, [asked]) => [
      tf.unsortedSegmentSum(dy.reshape([-1, width]), (asked as tf.Tensor).reshape([-1]) as tf.Tensor1D, rows),
    ],
  );
}
