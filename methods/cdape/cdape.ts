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
 * That is the residual form `concatResidual`. `concat` is S + f(tril([S; P])), `addResidual` S + P + f(tril(S + P)).
 * Without a bias (NoPE, RoPE), X = tril(S) and A = S + f(X). k = 1 is DAPE (arXiv 2405.14722): an MLP at each pair.
 * A kernel is centred, so f at key j reads keys up to j + 2⌊k/2⌋; those after the query are 0, hence the tril. No f reads another
 * query. There is no tril between the two convolutions: hidden values after the query are no zeros, but come from zeros.
 *
 * Shapes: B sequences, H heads, Tq queries, Tk keys, k kernel size, w hidden width, C = 2H input channels, or H without a bias or with addResidual.
 * S, A [B, H, Tq, Tk]; P [H, Tq, Tk]; W₁ [1, k, C, w]; b₁ [w]; W₂ [1, k, w, H]; b₂ [H]. Query i stands at position Tk − Tq + i.
 */
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../src/errors.ts';
import {
  createParameter,
  type Parameter,
  prefixParameters,
  type ScoreProcessor,
  type ScoreProcessorNeeds,
} from '../../src/nn/index.ts';
import type { RandomStream } from '../../src/random/index.ts';
import { hasNativeScoreConvolution, nativeScoreConvolution } from './native-score-convolution.ts';
import type { BiasedProcessor, PositionBias } from './position-bias.ts';
import {
  type CdapeWeights,
  checkOdd,
  checkShapes,
  convolveScores,
  processScores,
  type ScoreConvolutionOptions,
} from './score-convolution.ts';
import { fanInUniform } from './uniform.ts';

/**
 * What f sees of S and P, and what is added to it:
 * - `concatResidual`, the authors' released form and the default: A = S + P + f([S; P]);
 * - `concat`: A = S + f([S; P]);
 * - `addResidual`: A = S + P + f(S + P), with H input channels.
 */
export const RESIDUALS = ['concatResidual', 'concat', 'addResidual'] as const;
export type Residual = (typeof RESIDUALS)[number];

export interface CdapeScoresOptions extends ScoreConvolutionOptions {
  /** Whether f sees only keys up to the query: the tril. Default true. */
  readonly causal?: boolean;
  /** Position of the first query. Default Tk − Tq: the queries are the last ones. */
  readonly firstQuery?: number | undefined;
  /** Default `concatResidual`. */
  readonly residual?: Residual;
  /** [B, Tk], 0 at keys that f must not see, besides those that the tril hides; else 1. Default none. */
  readonly keyMask?: tf.Tensor2D | undefined;
}

export interface CdapeOptions extends ScoreConvolutionOptions {
  /** H */
  readonly heads: number;
  /** w. Default 32. */
  readonly width?: number;
  /** k, odd. Default 3; 1 is DAPE. */
  readonly kernelSize?: number;
  /** P. Default none, as for NoPE and RoPE. The processor owns it. */
  readonly bias?: PositionBias | undefined;
  /** Default `concatResidual`. */
  readonly residual?: Residual;
}

/** CDAPE as a score processor. */
export type Cdape = BiasedProcessor & ScoreProcessorNeeds;

/**
 * f, without the tril.
 *
 * @param scores S [B, H, Tq, Tk]
 * @param bias P [H, Tq, Tk], where W₁ has 2H input channels
 * @returns [B, H, Tq, Tk]
 * @throws UserError where the shapes of scores, bias and weights do not fit, or k is even
 */
export function scoreConvolution(
  scores: tf.Tensor4D,
  bias: tf.Tensor3D | undefined,
  weights: CdapeWeights,
  { prefixConsistent = false }: ScoreConvolutionOptions = {},
): tf.Tensor4D {
  checkShapes(scores, bias, weights, scores.shape[1] * (bias ? 2 : 1));
  if (!hasNativeScoreConvolution()) return convolveScores(scores, bias, weights, { prefixConsistent });
  const alone = { causal: false, firstQuery: 0, addScores: false, addBias: false };
  return nativeScoreConvolution(scores, bias, weights, { prefixConsistent, ...alone });
}

/**
 * A = S + P + f(tril([S; P])), or S + f(tril(S)) without a bias. If causal, A is 0 at later keys, which the causal mask then
 * removes.
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
  const { residual = 'concatResidual', ...rest } = options;
  if (bias && residual === 'addResidual') {
    checkShapes(scores, bias, weights, scores.shape[1]);
    return tf.tidy(() => cdapeScores(tf.add(scores, bias), undefined, weights, rest));
  }
  checkShapes(scores, bias, weights, scores.shape[1] * (bias ? 2 : 1));
  const [, , queryLength, keyLength] = scores.shape;
  const { causal = true, firstQuery = keyLength - queryLength, prefixConsistent = false, keyMask } = rest;
  const form = { causal, firstQuery, prefixConsistent, addBias: residual !== 'concat' };
  return hasNativeScoreConvolution() && !keyMask
    ? nativeScoreConvolution(scores, bias, weights, { ...form, addScores: true })
    : processScores(scores, bias, weights, { ...form, keyMask });
}

/**
 * CDAPE with weights of its own, for the attention of `src/nn`, which then owns and trains them. Initial weights and biases
 * U(−1/√(kC), 1/√(kC)) and U(−1/√(kw), 1/√(kw)), as PyTorch's Conv2d and so the authors' code: f is active from the start.
 * Weight decay applies to W₁ and W₂.
 *
 * @throws UserError for an even kernel size, sizes that are not positive integers, or an unknown residual form; when called,
 *   for scores of other heads, and with a cache for k > 1 unless `prefixConsistent`
 */
export function cdape(options: CdapeOptions, stream: RandomStream): Cdape {
  const { heads, width = 32, kernelSize = 3, bias, prefixConsistent = false } = options;
  const { residual = 'concatResidual' } = options;
  checkSizes({ heads, width, kernelSize });
  if (!RESIDUALS.includes(residual)) {
    throw new UserError(`CDAPE: residual must be one of ${RESIDUALS.join(', ')}; got ${residual}.`);
  }
  const channels = bias && residual !== 'addResidual' ? 2 * heads : heads;
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
    const { causal, firstQuery, keyMask, cached } = context;
    if (cached && kernelSize > 1 && !prefixConsistent) {
      throw new UserError(
        `CDAPE: with kernel size ${kernelSize} the last rows of a sequence change when it grows, so a cache gives other ` +
          'scores than the whole sequence. Set prefixConsistent: true (the same weights fit), or decode without a cache.',
      );
    }
    const settings = { causal, firstQuery, keyMask, prefixConsistent, residual };
    return tf.tidy(() => cdapeScores(scores, bias?.(context), weights, settings));
  };
  return Object.assign(process, {
    bias,
    keysAfter: (kernelSize - 1) / 2, // the hidden values that the second convolution reads; their own inputs are zeros
    numbersPerScore: numbersHeld({ heads, channels, width, kernelSize }),
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

/** For each query and key of a sequence, at most; of the forms in key-layout.ts `channelsFirst` holds most. */
function numbersHeld(sizes: Readonly<Record<'heads' | 'channels' | 'width' | 'kernelSize', number>>): number {
  const { heads, channels, width, kernelSize } = sizes;
  if (hasNativeScoreConvolution()) return 3 * heads; // tril of S, P and A
  // Inputs, k shifted copies apart and together; the same of the hidden map, before and after LeakyReLU; sums.
  return (2 * kernelSize + 1) * channels + (2 * kernelSize + 4) * width + 3 * heads;
}

function checkSizes(sizes: Readonly<Record<'heads' | 'width' | 'kernelSize', number>>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new UserError(`CDAPE: ${name} must be a positive integer, got ${size}.`);
    }
  }
  checkOdd(sizes.kernelSize);
}
