import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { NamedTensor } from './named-tensor.ts';

/**
 * The weights of Schedule-Free's average: wₜ = tʳ·(greatest η up to t)². They depend on all learning rates there have been, so
 * that they are saved with the optimizer, in all 64 bits: a run that is continued gives the numbers of one that was not interrupted.
 */
export class AveragingWeights {
  /** Name in a checkpoint; without a slash, as it belongs to no variable. */
  static readonly NAME = 'averaging';

  #greatestRate = 0;
  #sum = 0; // Σw
  #coefficient = 0;

  /** cₜ = wₜ/Σw of the step made last; 0 while all learning rates were 0. */
  get coefficient(): number {
    return this.#coefficient;
  }

  /** Adds the weight of one step with learning rate `rate`; `factor` is tʳ. */
  advance(rate: number, factor: number): void {
    this.#greatestRate = Math.max(this.#greatestRate, rate);
    const weight = factor * this.#greatestRate ** 2;
    this.#sum += weight;
    this.#coefficient = this.#sum > 0 ? weight / this.#sum : 0;
  }

  /** The bits of the two numbers, int32 [4]; the caller owns it. */
  toTensor(): tf.Tensor {
    const numbers = Float64Array.of(this.#greatestRate, this.#sum);
    return tf.tensor1d(new Int32Array(numbers.buffer), 'int32');
  }

  /** Throws a UserError where `weights` do not have it. */
  static async find(optimizer: string, weights: readonly NamedTensor[]): Promise<AveragingWeights> {
    const saved = weights.find(({ name }) => name === AveragingWeights.NAME)?.tensor;
    if (saved === undefined || saved.dtype !== 'int32' || saved.size !== 4) {
      throw new UserError(`${optimizer}: weights must have '${AveragingWeights.NAME}', int32 [4]`);
    }
    const bits = Int32Array.from(await saved.data());
    const found = new AveragingWeights();
    [found.#greatestRate, found.#sum] = new Float64Array(bits.buffer) as unknown as [number, number];
    return found;
  }
}
