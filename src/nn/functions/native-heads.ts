/** heads.ts by kernels of our own (heads.cc): one copy instead of a transpose, a split and a scaling. */
import * as tf from '@tensorflow/tfjs';
import { runNativeKernel } from '../../native/kernels.ts';
import type { Heads } from './heads.ts';
import { withGradient } from './with-gradient.ts';

const SPLIT = 'TfjsMethodsSplitHeads';

interface SplitAttributes extends tf.NamedAttrMap {
  readonly batch: number;
  readonly heads: number;
  readonly scale: number;
}

// `tf.customGrad` takes functions of one value only; a function of three has to be a kernel of TensorFlow.js.
tf.registerKernel({
  kernelName: SPLIT,
  backendName: 'tensorflow',
  kernelFunc: ({ inputs, attrs }) => {
    const rows = inputs.rows as tf.Tensor;
    return runNativeKernel(SPLIT, nativeAttributes(attrs as unknown as SplitAttributes), [rows], 3);
  },
});

tf.registerGradient({
  kernelName: SPLIT,
  gradFunc: (dy, _saved, attributes) => {
    const native = nativeAttributes(attributes as unknown as SplitAttributes);
    const gradients = dy as tf.Tensor[];
    return { rows: () => runNativeKernel('TfjsMethodsSplitHeadsGrad', native, gradients, 1)[0] as tf.Tensor };
  },
});

export function nativeSplitHeads(rows: tf.Tensor2D, batch: number, heads: number, scale: number): Heads {
  const inputs = { rows } as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel<tf.Tensor[]>(SPLIT, inputs, { batch, heads, scale }) as Heads;
}

export function nativeMergeHeads(x: tf.Tensor4D): tf.Tensor2D {
  const [batch, heads] = x.shape;
  return withGradient<tf.Tensor2D>(
    [x],
    () => ({ value: runNativeKernel('TfjsMethodsMergeHeads', {}, [x], 1)[0] as tf.Tensor2D, saved: [] }),
    (dy) =>
      runNativeKernel('TfjsMethodsMergeHeadsGrad', nativeAttributes({ batch, heads, scale: 1 }), [dy], 1),
  );
}

function nativeAttributes({ batch, heads, scale }: SplitAttributes) {
  return { batch: { int: batch }, heads: { int: heads }, scale };
}
