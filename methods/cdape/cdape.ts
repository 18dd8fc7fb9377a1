/**
 * CDAPE: Convolutional Data-Adaptive Position Encoding.
 * Chuanyang Zheng et al., DAPE V2: Process Attention Score as Feature Map for Length Extrapolation. ACL 2025, pp. 10628–10666.
 * arXiv 2410.04798. Authors' code: chuanyang-Zheng/DAPE@bde344a megatron/model/positional_embeddings.py.
 *
 *   S = QKᵀ/√d                                     attention scores of all heads
 *   X = tril([S; P])                               P the position bias, the same for every sequence; later keys are 0, not −∞
 *   f(X) = W₂ ∗ LeakyReLU(W₁ ∗ X + b₁) + b₂        ∗ is 1×k: along the keys, over all heads, zeros beyond the edges; slope 0.01
 *   A = S + P + f(X)                               then the causal mask and softmax, as ever
 *
 * Without a bias (NoPE, RoPE), X = tril(S) and A = S + f(X). k = 1 is DAPE (arXiv 2405.14722): an MLP at each pair.
 * A kernel is centred, so f at key j reads keys up to j + 2⌊k/2⌋; those after the query are 0, hence the tril. No f reads another
 * query. There is no tril between the two convolutions: hidden values after the query are no zeros, but come from zeros.
 *
 * Shapes: B sequences, H heads, Tq queries, Tk keys, k kernel size, w hidden width, C = 2H input channels, or H without a bias.
 * S, A [B, H, Tq, Tk]; P [H, Tq, Tk]; W₁ [1, k, C, w]; b₁ [w]; W₂ [1, k, w, H]; b₂ [H]. Query i stands at position Tk − Tq + i.
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import { assertShape } from '../../src/nn/assert-shape.ts';
import {
  createParameter,
  type Parameter,
  type ParameterOwner,
  prefixParameters,
  type ScoreProcessor,
} from '../../src/nn/index.ts';
import type { RandomStream } from '../../src/random/index.ts';
import { visibleKeys } from './key-distances.ts';
import type { PositionBias } from './position-bias.ts';
import { fanInUniform } from './uniform.ts';

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

export interface CdapeScoresOptions extends ScoreConvolutionOptions {
  /** Whether f sees only keys up to the query: the tril. Default true. */
  readonly causal?: boolean;
  /** Position of the first query. Default Tk − Tq: the queries are the last ones. */
  readonly firstQuery?: number;
}

export interface CdapeOptions extends ScoreConvolutionOptions {
  /** H */
  readonly heads: number;
  /** w. Default 32. */
  readonly width?: number;
  /** k, odd. Default 3; 1 is DAPE. */
  readonly kernelSize?: number;
  /** P. Default none, as for NoPE and RoPE. The processor owns it. */
  readonly bias?: PositionBias;
}

/**
 * f, without the tril. P is the same for every sequence, so its half of the first convolution is done once and added.
 *
 * @param scores [B, H, Tq, Tk]
 * @param bias [H, Tq, Tk], where W₁ has 2H input channels
 * @returns [B, H, Tq, Tk]
 * @throws UserError where the shapes of scores, bias and weights do not fit, or k is even
 */
export function scoreConvolution(
  scores: tf.Tensor4D,
  bias: tf.Tensor3D | undefined,
  { kernel1, bias1, kernel2, bias2 }: CdapeWeights,
  { prefixConsistent = false }: ScoreConvolutionOptions = {},
): tf.Tensor4D {
  checkShapes(scores, bias, { kernel1, bias1, kernel2, bias2 });
  return tf.tidy(() => {
    const [, k, , w] = kernel1.shape;
    const heads = scores.shape[1];
    const half = (k - 1) / 2;
    const before: Margin = [half, prefixConsistent ? 2 * half : half];
    const after: Margin = [half, prefixConsistent ? 0 : half];
    let shared: tf.Tensor = column(bias1); // what all sequences have in common, [w, 1, 1, 1] or [w, 1, Tq, Tk]
    if (bias) {
      const ofBias = kernel1.slice([0, 0, heads, 0], [1, k, heads, w]);
      shared = tf.add(convolveKeys(tf.expandDims(bias, 1), ofBias, before), shared);
    }
    const ofScores = kernel1.slice([0, 0, 0, 0], [1, k, heads, w]);
    const channelsFirst = tf.transpose(scores, [1, 0, 2, 3]); // [H, B, Tq, Tk]
    const hidden = tf.add(convolveKeys(channelsFirst, ofScores, before), shared); // [w, B, Tq, Tk]
    const activated = tf.leakyRelu(hidden, SLOPE) as tf.Tensor4D;
    const output = tf.add(convolveKeys(activated, kernel2, after), column(bias2)); // [H, B, Tq, Tk]
    return tf.transpose(output as tf.Tensor4D, [1, 0, 2, 3]);
  });
}

/**
 * A = S + P + f(tril([S; P])), or S + f(tril(S)) without a bias. In the residual S and P keep their later keys, for the causal
 * mask to remove.
 *
 * @param scores S [B, H, Tq, Tk]
 * @param bias P [H, Tq, Tk]
 * @returns A [B, H, Tq, Tk]
 * @throws UserError as `scoreConvolution`
 */
export function cdapeScores(
  scores: tf.Tensor4D,
  bias: tf.Tensor3D | undefined,
  weights: CdapeWeights,
  options: CdapeScoresOptions = {},
): tf.Tensor4D {
  checkShapes(scores, bias, weights);
  const [, , queryLength, keyLength] = scores.shape;
  const { causal = true, firstQuery } = options;
  return tf.tidy(() => {
    const tril = <T extends tf.Tensor>(map: T): T =>
      causal ? tf.mul(map, visibleKeys({ queryLength, keyLength }, firstQuery)) : map;
    const change = scoreConvolution(tril(scores), bias && tril(bias), weights, options); // f(X)
    const biased = bias ? tf.add(scores, bias) : scores; // S + P
    return tf.add(biased, change) as tf.Tensor4D;
  });
}

/**
 * CDAPE with weights of its own, for the attention of `src/nn`, which then owns and trains them. Initial weights and biases
 * U(−1/√(kC), 1/√(kC)) and U(−1/√(kw), 1/√(kw)), as PyTorch's Conv2d and so the authors' code: f is active from the start.
 * Weight decay applies to W₁ and W₂.
 *
 * @throws UserError for an even kernel size, or sizes that are not positive integers; when called, for scores of other heads
 */
export function cdape(options: CdapeOptions, stream: RandomStream): ScoreProcessor & ParameterOwner {
  const { heads, width = 32, kernelSize = 3, bias, prefixConsistent = false } = options;
  checkSizes({ heads, width, kernelSize });
  const channels = bias ? 2 * heads : heads;
  const first = fanInUniform(kernelSize * channels);
  const second = fanInUniform(kernelSize * width);
  const kernel1 = createParameter('kernel1', [1, kernelSize, channels, width], first, stream, true);
  const bias1 = createParameter('bias1', [width], first, stream, false);
  const kernel2 = createParameter('kernel2', [1, kernelSize, width, heads], second, stream, true);
  const bias2 = createParameter('bias2', [heads], second, stream, false);
  const own = [kernel1, bias1, kernel2, bias2];
  const weights: CdapeWeights = {
    kernel1: kernel1.variable as tf.Variable<tf.Rank.R4>,
    bias1: bias1.variable as tf.Variable<tf.Rank.R1>,
    kernel2: kernel2.variable as tf.Variable<tf.Rank.R4>,
    bias2: bias2.variable as tf.Variable<tf.Rank.R1>,
  };

  const process: ScoreProcessor = (scores, context) => {
    const { causal } = context;
    return tf.tidy(() => cdapeScores(scores, bias?.(context), weights, { causal, prefixConsistent }));
  };
  return Object.assign(process, {
    parameters: (): Parameter[] => [
      ...own,
      ...prefixParameters('bias', { parameters: () => bias?.parameters?.() ?? [] }),
    ],
    dispose: (): void => {
      for (const { variable } of own) variable.dispose();
      bias?.dispose?.();
    },
  });
}

/** Zeros before the first key and after the last. */
type Margin = [left: number, right: number];
const NONE: Margin = [0, 0];

/**
 * A 1×k convolution along keys as one product: k shifted slices, one below the other, times the kernel as a matrix. Its
 * gradients are those of `slice`, `concat` and `matMul`, which every backend has; the gradients of `conv2d` wasm lacks.
 *
 * @param x [C, B, Tq, Tk]
 * @param kernel [1, k, C, O]
 * @returns [O, B, Tq, Tk + left + right − k + 1]
 */
function convolveKeys(x: tf.Tensor4D, kernel: tf.Tensor4D, margin: Margin): tf.Tensor4D {
  const [channels, batch, queries, keys] = x.shape;
  const [, k, , outputs] = kernel.shape;
  const length = keys + margin[0] + margin[1] - k + 1;
  const padded = k === 1 ? x : tf.pad(x, [NONE, NONE, NONE, margin]);
  const shifted = Array.from({ length: k }, (_, shift) =>
    padded.slice([0, 0, 0, shift], [channels, batch, queries, length]),
  );
  const patches = (k === 1 ? x : tf.concat(shifted, 0)).reshape([k * channels, -1]); // [kC, B·Tq·length]
  const matrix = kernel.reshape([k * channels, outputs]); // [kC, O]
  return tf.matMul(matrix, patches, true, false).reshape([outputs, batch, queries, length]);
}

/** [O] as [O, 1, 1, 1] */
function column(bias: tf.Tensor1D): tf.Tensor4D {
  return bias.reshape([bias.size, 1, 1, 1]);
}

function checkShapes(scores: tf.Tensor4D, bias: tf.Tensor3D | undefined, weights: CdapeWeights): void {
  assertShape(scores, ['B', 'H', 'Tq', 'Tk'], 'CDAPE: the scores');
  const [, heads, queries, keys] = scores.shape;
  if (bias) assertShape(bias, [heads, queries, keys], 'CDAPE: the position bias');
  const { kernel1, bias1, kernel2, bias2 } = weights;
  assertShape(
    kernel1,
    [1, 'k', bias ? 2 * heads : heads, 'w'],
    `CDAPE: the first kernel, for ${heads} heads,`,
  );
  const [, k, , w] = kernel1.shape;
  checkOdd(k);
  assertShape(bias1, [w], 'CDAPE: the bias of the first convolution');
  assertShape(kernel2, [1, k, w, heads], 'CDAPE: the second kernel');
  assertShape(bias2, [heads], 'CDAPE: the bias of the second convolution');
}

function checkSizes(sizes: Readonly<Record<'heads' | 'width' | 'kernelSize', number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new UserError(`CDAPE: ${name} must be a positive integer, got ${size}.`);
    }
  }
  checkOdd(sizes.kernelSize);
}

function checkOdd(kernelSize: number): void {
  if (kernelSize % 2 === 0) {
    throw new UserError(`CDAPE: kernelSize must be odd, so that a kernel has a centre; got ${kernelSize}.`);
  }
}
