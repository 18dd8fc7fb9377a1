import * as tf from '@tensorflow/tfjs';
import type { WasmBackend } from './wasm-backend.ts';

interface CumulativeAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** In place of tfjs-backend-wasm's own, which writes beyond its memory for a negative axis. Sums in float64. */
export const cumsum = cumulative('Cumsum', 0, (total, value) => total + value);

/** As `cumsum`. */
export const cumprod = cumulative('Cumprod', 1, (total, value) => total * value);

function cumulative(
  kernelName: string,
  start: number,
  combine: (total: number, value: number) => number,
): tf.KernelConfig {
  return {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const wasm = backend as WasmBackend;
      const x = inputs.x as tf.TensorInfo;
      const { axis, exclusive, reverse } = attrs as unknown as CumulativeAttributes;
      const along = tf.util.parseAxisParam(axis, x.shape)[0] as number;
      const count = x.shape[along] as number;
      const inner = tf.util.sizeFromShape(x.shape.slice(along + 1));
      const outer = tf.util.sizeFromShape(x.shape.slice(0, along));
      const out = wasm.makeOutput(x.shape, x.dtype);
      const to = wasm.typedArrayFromHeap(out);
      const from = wasm.typedArrayFromHeap(x);
      for (let line = 0; line < outer * inner; line++) {
        const first = Math.floor(line / inner) * count * inner + (line % inner);
        let total = start;
        for (let i = 0; i < count; i++) {
          const at = first + (reverse ? count - 1 - i : i) * inner;
          const next = combine(total, from[at] as number);
          to[at] = exclusive ? total : next;
          total = next;
        }
      }
      return out;
    },
  };
}
