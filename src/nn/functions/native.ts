/**
 * Functions of this folder by kernels of our own (the `.cc` files beside this one): each does in one or two passes over
 * memory what TensorFlow.js does in five to ten. The forms in TensorFlow.js operations are the reference that they are
 * tested against, and what runs where the kernels are not to be had.
 */
import type * as tf from '@tensorflow/tfjs';
import { runNativeKernel } from '../../native/kernels.ts';
import { withGradient } from './with-gradient.ts';

/** `gelu` by gelu.cc. */
export function nativeGelu<T extends tf.Tensor>(x: T): T {
  return withGradient<T>(
    [x],
    () => {
      const [value] = runNativeKernel('TfjsMethodsGelu', {}, [x], 1) as [T];
      return { value, saved: [x] };
    },
    (dy, [input]) => runNativeKernel('TfjsMethodsGeluGrad', {}, [input as T, dy], 1),
  );
}

/** `layerNorm` by layer-norm.cc. */
export function nativeLayerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  return withGradient(
    [x, gain, bias],
    () => {
      const outputs = runNativeKernel('TfjsMethodsLayerNorm', { epsilon }, [x, gain, bias], 3);
      const [value, mean, scale] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { value, saved: [x, gain, mean, scale] };
    },
    (dy, saved) => runNativeKernel('TfjsMethodsLayerNormGrad', {}, [...saved, dy], 3),
  );
}

/** `maskedSoftmax` by masked-softmax.cc, which computes only what the mask leaves. */
export function nativeMaskedSoftmax(scores: tf.Tensor4D, causal: boolean): tf.Tensor4D {
  return withGradient<tf.Tensor4D>(
    [scores],
    () => {
      const [value] = runNativeKernel('TfjsMethodsMaskedSoftmax', { causal }, [scores], 1) as [tf.Tensor4D];
      return { value, saved: [value] };
    },
    (dy, [weights]) =>
      runNativeKernel('TfjsMethodsMaskedSoftmaxGrad', { causal }, [weights as tf.Tensor, dy], 1),
  );
}
