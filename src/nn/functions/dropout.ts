import * as tf from '@tensorflow/tfjs';
import { hostTensor } from '../../compile/index.ts';
import { UserError } from '../../errors.ts';
import { nativeBackend } from '../../native/tensorflow-backend.ts';
import type { RandomStream } from '../../random/index.ts';
import { typeAttribute } from './type-attribute.ts';

/**
 * Inverted dropout (Srivastava et al. 2014): each element is kept with probability 1 − rate and then divided by it, so that
 * the mean stays. Call it in training only.
 *
 * All randomness comes from `stream` and enters through `hostTensor`, so that a compiled function draws a new mask at each
 * call and a resumed run draws the masks that it would have drawn. The masks differ between `tensorflow`, which expands two
 * numbers of the stream into a mask itself, and the other backends, which get one number of the stream for each element.
 *
 * @param x any shape
 * @param rate in [0, 1); with 0 the result equals x and nothing is drawn
 * @returns a new tensor shaped like x
 * @throws UserError for a rate outside [0, 1)
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, stream: RandomStream): T {
  if (!(rate >= 0 && rate < 1)) {
    throw new UserError(`The dropout rate must be at least 0 and less than 1, got ${rate}.`);
  }
  if (rate === 0) return tf.clone(x);
  return tf.tidy(() => {
    const mask =
      tf.getBackend() === 'tensorflow'
        ? maskFromSeed(x.shape, rate, stream)
        : maskFromHost(x.shape, rate, stream);
    return tf.mul(x, mask);
  });
}

/** 0 or 1/(1 − rate), drawn by TensorFlow's counter-based generator (Philox) from a seed. */
function maskFromSeed(shape: number[], rate: number, stream: RandomStream): tf.Tensor {
  const seed = hostTensor(() => Int32Array.of(stream.nextUint32(), stream.nextUint32()), [2], 'int32');
  const uniform = nativeBackend().executeSingleOutput(
    'StatelessRandomUniform',
    [typeAttribute('dtype', 'float32'), typeAttribute('T', 'int32'), typeAttribute('Tseed', 'int32')],
    [tf.tensor1d(shape, 'int32'), seed],
  ); // in [0, 1)
  return tf.mul(tf.cast(tf.greaterEqual(uniform, rate), 'float32'), 1 / (1 - rate));
}

/** 0 or 1/(1 − rate), drawn here. */
function maskFromHost(shape: number[], rate: number, stream: RandomStream): tf.Tensor {
  const dropped = rate * 2 ** 32;
  const kept = 1 / (1 - rate);
  const draw = () => {
    const mask = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < mask.length; i++) mask[i] = stream.nextUint32() < dropped ? 0 : kept;
    return mask;
  };
  return hostTensor(draw, shape, 'float32');
}
