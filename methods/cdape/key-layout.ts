/** Convolutions along the keys of score maps, in the layout that is fastest on a backend. */
import * as tf from '@tensorflow/tfjs';

/** Zeros before the first key and after the last. */
export type Margin = readonly [left: number, right: number];

/** How maps [B, H, Tq, Tk] lie while they are convolved. */
export interface KeyLayout {
  /** From [B, C, Tq, Tk]. */
  from(maps: tf.Tensor4D): tf.Tensor4D;
  /** To [B, C, Tq, Tk]. */
  to(maps: tf.Tensor4D): tf.Tensor4D;
  /** One number for each channel [C], to be added to all its map. */
  channels(values: tf.Tensor1D): tf.Tensor;
  /**
   * A 1×k convolution along keys.
   *
   * @param kernel [1, k, C, O]
   * @returns O channels, Tk + left + right − k + 1 keys
   */
  convolve(maps: tf.Tensor4D, kernel: tf.Tensor4D, margin: Margin): tf.Tensor4D;
}

const NONE: [number, number] = [0, 0];

/** [B, Tq, Tk, C], as TensorFlow's own convolution wants it. */
export const channelsLast: KeyLayout = {
  from: (maps) => tf.transpose(maps, [0, 2, 3, 1]),
  to: (maps) => tf.transpose(maps, [0, 3, 1, 2]),
  channels: (values) => values,
  convolve(maps, kernel, [left, right]) {
    const half = ((kernel.shape[1] as number) - 1) / 2;
    if (left === half && right === half) return tf.conv2d(maps, kernel, 1, 'same');
    return tf.conv2d(tf.pad(maps, [NONE, NONE, [left, right], NONE]), kernel, 1, 'valid');
  },
};

/**
 * [C, B, Tq, Tk]: the convolution is one product, of k shifted slices one below the other and the kernel as a matrix. Its
 * gradients are those of `slice`, `concat` and `matMul`, which every backend has; the gradients of `conv2d` wasm lacks.
 */
export const channelsFirst: KeyLayout = {
  from: (maps) => tf.transpose(maps, [1, 0, 2, 3]),
  to: (maps) => tf.transpose(maps, [1, 0, 2, 3]),
  channels: (values) => values.reshape([values.size, 1, 1, 1]),
  convolve(maps, kernel, [left, right]) {
    const [channels, batch, queries, keys] = maps.shape;
    const [, k, , outputs] = kernel.shape;
    const length = keys + left + right - k + 1;
    const padded = k === 1 ? maps : tf.pad(maps, [NONE, NONE, NONE, [left, right]]);
    const shifted = Array.from({ length: k }, (_, shift) =>
      padded.slice([0, 0, 0, shift], [channels, batch, queries, length]),
    );
    const patches = (k === 1 ? maps : tf.concat(shifted, 0)).reshape([k * channels, -1]); // [kC, B·Tq·length]
    const matrix = kernel.reshape([k * channels, outputs]); // [kC, O]
    return tf.matMul(matrix, patches, true, false).reshape([outputs, batch, queries, length]);
  },
};

/** The layout for the backend in use: 1.5 times as fast channels last on `tensorflow`, elsewhere channels first. */
export function keyLayout(): KeyLayout {
  return tf.getBackend() === 'tensorflow' ? channelsLast : channelsFirst;
}
