/**
 * Learned absolute positions (Gehring et al. 2017; GPT-2).
 *
 *   x ← x + Eₚ
 *
 * E [positions, D], at first N(0, 2/(5D)) as in the authors' code of CDAPE (`small_init`). There is nothing past the table.
 */
import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../../../src/errors.ts';
import {
  createParameter,
  normal,
  type ParameterOwner,
  type PositionEmbedding,
} from '../../../src/nn/index.ts';
import type { RandomStream } from '../../../src/random/index.ts';

export interface LearnedOptions {
  /** How many positions the table has. */
  readonly positions: number;
  /** D */
  readonly width: number;
}

export function learned(
  { positions, width }: LearnedOptions,
  stream: RandomStream,
): PositionEmbedding & ParameterOwner {
  const deviation = Math.sqrt(2 / (5 * width));
  const table = createParameter('table', [positions, width], normal(deviation), stream, true);
  const embedding: PositionEmbedding = (first, length) => {
    if (first + length > positions) {
      throw new UserError(
        `Learned positions: a sequence of ${first + length} tokens is longer than the table of ${positions}; make it ` +
          'longer (maxLength), or take an encoding that extrapolates.',
      );
    }
    return (table.variable as tf.Tensor as tf.Tensor2D).slice([first, 0], [length, width]);
  };
  return Object.assign(embedding, {
    parameters: () => [table],
    dispose: () => table.variable.dispose(),
  });
}
