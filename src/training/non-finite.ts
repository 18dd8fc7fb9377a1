import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import { type NamedTensor, savedOptimizer } from './named-state.ts';
import type { TrainableModel } from './train-step.ts';

/** A tensor with elements that are NaN or infinite. */
export interface NonFiniteTensor {
  readonly name: string;
  readonly nonFinite: number;
  readonly size: number;
}

/** Training came upon a loss or a gradient that is NaN or infinite. */
export class NonFiniteError extends UserError {
  override readonly name = 'NonFiniteError';
  /** The update, counted from 1, whose loss or gradient it was. */
  readonly step: number;
  /** Parameters and optimizer state that are not finite after the step; empty where only the loss is. */
  readonly tensors: readonly NonFiniteTensor[];

  constructor(
    step: number,
    quantity: string,
    value: number | 'not finite',
    tensors: readonly NonFiniteTensor[],
  ) {
    super(
      `Training stopped at step ${step}: the ${quantity} is ${value}. ${listed(tensors)} ` +
        'A smaller learning rate, a longer warm-up or gradient clipping often helps.',
    );
    this.step = step;
    this.tensors = tensors;
  }
}

/**
 * The parameters, by name, and the optimizer's state of them, by slot, that are not finite, in the order of the model.
 * Reads them all: for the case that something went wrong.
 */
export async function findNonFinite(
  model: TrainableModel,
  optimizer: tf.Optimizer,
): Promise<NonFiniteTensor[]> {
  const parameters = model.parameters();
  const named: NamedTensor[] = [
    ...parameters.map(({ name, variable }) => ({ name, tensor: variable })),
    ...(await savedOptimizer(optimizer, parameters)),
  ];
  const found: NonFiniteTensor[] = [];
  for (const { name, tensor } of named) {
    if (tensor.dtype !== 'float32') continue; // the count of steps: TensorFlow has no isFinite of integers
    const finite = tf.tidy(() => tf.sum(tf.cast(tf.isFinite(tensor), 'int32')));
    const nonFinite = tensor.size - ((await finite.data())[0] as number);
    finite.dispose();
    if (nonFinite > 0) found.push({ name, nonFinite, size: tensor.size });
  }
  return found;
}

function listed(tensors: readonly NonFiniteTensor[]): string {
  if (tensors.length === 0) return 'All parameters and optimizer state are finite.';
  const shown = tensors.slice(0, 5).map(({ name, nonFinite, size }) => `${name} (${nonFinite} of ${size})`);
  const rest = tensors.length > 5 ? ` and ${tensors.length - 5} more` : '';
  return `Elements that are not finite: ${shown.join(', ')}${rest}.`;
}
