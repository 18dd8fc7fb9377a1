/**
 * Processed scores by kernels of our own (cdape.cc): the hidden channels never reach memory, and only keys that a query sees
 * are computed. The form in TensorFlow.js operations, cdape.ts, is the reference that they are tested against, and what runs
 * where the kernels are not to be had.
 */
import * as tf from '@tensorflow/tfjs';
import { hasNativeKernel, runNativeKernel } from '../../src/native/kernels.ts';
import { withGradient } from '../../src/nn/functions/with-gradient.ts';
import type { CdapeWeights } from './score-convolution.ts';

const OPERATION = 'TfjsMethodsScoreConvolution';

export interface NativeOptions {
  readonly causal: boolean;
  readonly prefixConsistent: boolean;
  /** Position of the first query. */
  readonly firstQuery: number;
  /** Whether S, and P, are added to f. */
  readonly addScores: boolean;
  readonly addBias: boolean;
}

export function hasNativeScoreConvolution(): boolean {
  return hasNativeKernel(OPERATION);
}

/** f(X), with S and P added as asked for; 0 at later keys, if causal. X = tril([S; P]), or tril(S) where there is no P. */
export function nativeScoreConvolution(
  scores: tf.Tensor4D,
  bias: tf.Tensor3D | undefined,
  { kernel1, bias1, kernel2, bias2 }: CdapeWeights,
  options: NativeOptions,
): tf.Tensor4D {
  const attributes = {
    causal: options.causal,
    prefix_consistent: options.prefixConsistent,
    add_scores: options.addScores,
    add_bias: options.addBias && bias !== undefined,
    first_query: { int: options.firstQuery },
  };
  const biases = bias ? [bias] : [];
  return withGradient<tf.Tensor4D>(
    [scores, ...biases, kernel1, bias1, kernel2, bias2],
    () => {
      const shared: tf.Tensor = bias ?? tf.zeros<tf.Rank.R1>([0]);
      const inputs: tf.Tensor[] = [scores, shared, kernel1, bias1, kernel2, bias2];
      const [value] = runNativeKernel(OPERATION, attributes, inputs, 1) as [tf.Tensor4D];
      return { value, saved: [scores, shared, kernel1, bias1, kernel2] };
    },
    (dy, saved) => {
      const [ofScores, ofBias, ...ofWeights] = runNativeKernel(
        `${OPERATION}Grad`,
        attributes,
        [...saved, dy],
        6,
      ) as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
      return [ofScores, ...(bias ? [ofBias] : []), ...ofWeights];
    },
  );
}
