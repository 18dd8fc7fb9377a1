import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { RandomStream } from '../random/index.ts';
import { dropout } from './functions/dropout.ts';
import type { ApplyOptions } from './parameter.ts';

/** How much a layer drops while training, and where the masks come from. */
export interface DropoutOptions {
  /** In [0, 1). */
  readonly rate: number;
  readonly stream: RandomStream;
}

/** Dropout as a layer applies it: nothing at all unless training, and nothing where no dropout was asked for. */
export class Dropout {
  readonly #options: DropoutOptions | undefined;

  /** @throws UserError for a rate outside [0, 1) */
  constructor(options: DropoutOptions | undefined) {
    if (options && !(options.rate >= 0 && options.rate < 1)) {
      throw new UserError(`The dropout rate must be at least 0 and less than 1, got ${options.rate}.`);
    }
    this.#options = options;
  }

  /** @returns x itself when inactive, else a new tensor; so call it within `tf.tidy` */
  apply<T extends tf.Tensor>(x: T, { training = false }: ApplyOptions): T {
    const { rate, stream } = this.#options ?? {};
    return training && rate && stream ? dropout(x, rate, stream) : x;
  }
}
