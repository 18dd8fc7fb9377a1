/**
 * f, the convolution of CDAPE, in operations of TensorFlow.js. Symbols and shapes as in cdape.ts.
 *
 *   f(X) = W₂ ∗ LeakyReLU(W₁ ∗ X + b₁) + b₂,   X = [S; P]
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import { assertShape } from '../../src/nn/assert-shape.ts';
import { visibleKeys } from './key-distances.ts';
import { type KeyLayout, keyLayout, type Margin } from './key-layout.ts';

/** PyTorch's default; TensorFlow.js has 0.2. */
const SLOPE = 0.01;

export interface CdapeWeights {
  /** W₁ [1, k, C, w], a convolution kernel of TensorFlow: PyTorch's [w, C, 1, k] transposed. Scores first, then biases. */
  readonly kernel1: tf.Tensor4D;
  /** b₁ [w] */
  readonly bias1: tf.Tensor1D;
  /** W₂ [1, k, w, H] */
  readonly kernel2: tf.Tensor4D;
  /** b₂ [H] */
  readonly bias2: tf.Tensor1D;
}

export interface ScoreConvolutionOptions {
  /**
   * Whether ⌊k/2⌋ more keys, of zeros, follow the last one. The row of a query is then the same in a prefix and in the whole
   * sequence; in the authors' code, and by default, the last ⌊k/2⌋ rows are not.
   */
  readonly prefixConsistent?: boolean;
}

/**
 * f, without the tril. P is the same for every sequence, so its half of the first convolution is done once and added.
 *
 * @param scores S [B, H, Tq, Tk]
 * @param bias P [H, Tq, Tk], or one for each sequence [B, H, Tq, Tk], where W₁ has 2H input channels
 * @param layout of the maps in between; default what is fastest on the backend in use
 * @returns [B, H, Tq, Tk]
 */
export function convolveScores(
  scores: tf.Tensor4D,
  bias: tf.Tensor | undefined,
  { kernel1, bias1, kernel2, bias2 }: CdapeWeights,
  { prefixConsistent = false }: ScoreConvolutionOptions = {},
  layout: KeyLayout = keyLayout(),
): tf.Tensor4D {
  return tf.tidy(() => {
    const [, k, , w] = kernel1.shape;
    const heads = scores.shape[1];
    const half = (k - 1) / 2;
    const before: Margin = [half, prefixConsistent ? 2 * half : half];
    const after: Margin = [half, prefixConsistent ? 0 : half];
    let shared: tf.Tensor = layout.channels(bias1); // what all sequences have in common
    if (bias) {
      const ofBias = kernel1.slice([0, 0, heads, 0], [1, k, heads, w]);
      const biases = layout.from((bias.rank === 3 ? tf.expandDims(bias, 0) : bias) as tf.Tensor4D);
      shared = tf.add(layout.convolve(biases, ofBias, before), shared);
    }
    const ofScores = kernel1.slice([0, 0, 0, 0], [1, k, heads, w]);
    const hidden = tf.add(layout.convolve(layout.from(scores), ofScores, before), shared); // w channels
    const activated = tf.leakyRelu(hidden, SLOPE) as tf.Tensor4D;
    const output = tf.add(layout.convolve(activated, kernel2, after), layout.channels(bias2)); // H channels
    return layout.to(output as tf.Tensor4D);
  });
}

export interface ProcessOptions {
  readonly causal: boolean;
  readonly prefixConsistent: boolean;
  /** Position of the first query. */
  readonly firstQuery: number;
  /** Whether P is added to S and f. */
  readonly addBias: boolean;
  /** [B, Tk], 0 at keys that f must not see. */
  readonly keyMask?: tf.Tensor2D | undefined;
}

/** A, with P if asked for; 0 at later keys, if causal. */
export function processScores(
  scores: tf.Tensor4D,
  bias: tf.Tensor3D | undefined,
  weights: CdapeWeights,
  { causal, prefixConsistent, firstQuery, addBias, keyMask }: ProcessOptions,
  layout?: KeyLayout,
): tf.Tensor4D {
  const [batch, , queryLength, keyLength] = scores.shape;
  return tf.tidy(() => {
    const visible = causal ? visibleKeys({ queryLength, keyLength, firstQuery }) : undefined;
    const tril = <T extends tf.Tensor>(map: T): T => (visible ? tf.mul(map, visible) : map);
    const present = keyMask?.reshape([batch, 1, 1, keyLength]);
    const hide = (map: tf.Tensor) => tril(present ? tf.mul(map, present) : map);
    const own = hide(scores) as tf.Tensor4D;
    const change = convolveScores(own, bias && hide(bias), weights, { prefixConsistent }, layout); // f(X)
    const biased = bias && addBias ? tf.add(scores, bias) : scores; // S + P
    return tril(tf.add(biased, change) as tf.Tensor4D);
  });
}

/** @throws UserError where the shapes of scores, bias and weights do not fit, or k is even */
export function checkShapes(
  scores: tf.Tensor4D,
  bias: tf.Tensor3D | undefined,
  weights: CdapeWeights,
  channels: number,
): void {
  assertShape(scores, ['B', 'H', 'Tq', 'Tk'], 'CDAPE: the scores');
  const [, heads, queries, keys] = scores.shape;
  if (bias) assertShape(bias, [heads, queries, keys], 'CDAPE: the position bias');
  const { kernel1, bias1, kernel2, bias2 } = weights;
  assertShape(kernel1, [1, 'k', channels, 'w'], `CDAPE: the first kernel, for ${heads} heads,`);
  const [, k, , w] = kernel1.shape;
  checkOdd(k);
  assertShape(bias1, [w], 'CDAPE: the bias of the first convolution');
  assertShape(kernel2, [1, k, w, heads], 'CDAPE: the second kernel');
  assertShape(bias2, [heads], 'CDAPE: the bias of the second convolution');
}

/** @throws UserError if it is even */
export function checkOdd(kernelSize: number): void {
  if (kernelSize % 2 === 0) {
    throw new UserError(`CDAPE: kernelSize must be odd, so that a kernel has a centre; got ${kernelSize}.`);
  }
}
