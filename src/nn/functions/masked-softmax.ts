import * as tf from '@tensorflow/tfjs';
import { hasNativeKernel } from '../../native/kernels.ts';
import { nativeMaskedSoftmax } from './native.ts';
import { withGradient } from './with-gradient.ts';

/** Added to a score, it drowns it: the weight is exactly 0 in float32 as long as scores stay far below 1e9. */
const MASKED = -1e9;

/**
 * Attention weights: softmax over keys, where with `causal` query i sees no key after itself. With more keys than queries, the
 * queries are the last ones.
 *
 * @param scores [B, H, Tq, Tk]
 * @returns [B, H, Tq, Tk]; each row sums to 1, and weights of masked keys are exactly 0
 */
export function maskedSoftmax(scores: tf.Tensor4D, causal: boolean): tf.Tensor4D {
  const [, , queries, keys] = scores.shape;
  if (hasNativeKernel('TfjsMethodsMaskedSoftmax')) return nativeMaskedSoftmax(scores, causal);
  return withGradient<tf.Tensor4D>(
    [scores],
    () => {
      const visible = causal
        ? tf.add(scores, tf.tensor2d(causalBias(queries, keys), [queries, keys]))
        : scores;
      const value = tf.softmax(visible as tf.Tensor4D, -1);
      return { value, saved: [value] };
    },
    // ds = w ⊙ (dw − Σₖ w·dw); a masked key has w = 0, and so no gradient.
    (dy, [weights]) => {
      const product = tf.mul(dy, weights as tf.Tensor);
      return [tf.sub(product, tf.mul(weights as tf.Tensor, tf.sum(product, -1, true)))];
    },
  );
}

let lastBias: { queries: number; keys: number; values: Float32Array } | undefined;

/** [Tq, Tk], row-major: 0 where a query sees the key, −1e9 where not. The last one made is kept: all layers ask for the same. */
function causalBias(queries: number, keys: number): Float32Array {
  if (lastBias?.queries !== queries || lastBias.keys !== keys) {
    const values = new Float32Array(queries * keys);
    for (let query = 0; query < queries; query++) {
      const firstHidden = Math.max(0, query + keys - queries + 1);
      values.fill(MASKED, query * keys + firstHidden, (query + 1) * keys);
    }
    lastBias = { queries, keys, values };
  }
  return lastBias.values;
}
