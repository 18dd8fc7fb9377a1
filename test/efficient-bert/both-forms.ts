import type * as tf from '@tensorflow/tfjs';
import { compile } from '../../src/compile/index.ts';
import { expectAllClose, type Numbers, type Tolerance } from '../support/allclose.ts';
import { CAPTURES } from '../support/modes.ts';

/** Calls of a compiled function: two record, the others run the graph, where the backend has graphs. */
const CALLS = 4;

/**
 * Fails unless `compute` gives what is expected, eagerly and captured.
 *
 * @param compute makes what it needs besides x itself; its result is disposed here
 */
export async function expectInBothForms<X extends tf.Tensor>(
  compute: (x: X) => tf.Tensor,
  x: X,
  expected: Numbers,
  tolerance: Partial<Tolerance> = {},
): Promise<void> {
  const check = async (value: tf.Tensor) => {
    await expectAllClose(value, expected, tolerance);
    value.dispose();
  };
  await check(compute(x));
  if (!CAPTURES) return;
  const captured = compile((input: X) => compute(input));
  try {
    for (let call = 0; call < CALLS; call++) await check(captured(x));
  } finally {
    captured.dispose();
  }
}
