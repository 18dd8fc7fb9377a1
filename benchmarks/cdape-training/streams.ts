import { RandomStream, type RandomStreams } from '../../src/random/index.ts';

/**
 * Where an encoding draws its weights from: not from the model's own stream, so that with one seed all other weights are the same
 * whatever the encoding.
 */
export function encodingStreams(
  seed: number,
  { dropout }: RandomStreams,
): Pick<RandomStreams, 'init' | 'dropout'> {
  return { init: RandomStream.fromSeed(seed, 'position encoding'), dropout };
}
