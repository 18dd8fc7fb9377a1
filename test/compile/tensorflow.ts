import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../../src/backends/index.ts';
import { RandomNumbers } from '../support/random-numbers.ts';

/** Whether the `tensorflow` backend is here; it is then the current one. Graphs exist on no other. */
export const hasTensorflow = await useBackend('tensorflow').then(
  () => true,
  (error: Error) => {
    console.warn(`Skipped, compile needs the tensorflow backend: ${error.message}`);
    return false;
  },
);

interface Counters {
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
}

/** Tensors that TensorFlow.js and the addon hold, and loaded graphs. */
export function counts(): { tensors: number; native: number; graphs: number } {
  const { binding } = tf.backend() as unknown as { binding: Counters };
  return {
    tensors: tf.memory().numTensors,
    native: binding.getNumOfTensors(),
    graphs: binding.getNumOfSavedModels(),
  };
}

/** Makes an argument for call number `call`; other values at every call. */
export type Maker = (call: number) => tf.Tensor;

let seed = 0;

export function normal(...shape: number[]): Maker {
  const base = ++seed * 1000;
  return (call) => tf.tensor(new RandomNumbers(base + call).normals(tf.util.sizeFromShape(shape)), shape);
}

/** Uniform in [0.5, 1.5). */
export function positive(...shape: number[]): Maker {
  const base = ++seed * 1000;
  return (call) => {
    const random = new RandomNumbers(base + call);
    return tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 0.5 + random.uniform()),
      shape,
    );
  };
}

export function integers(bound: number, ...shape: number[]): Maker {
  const base = ++seed * 1000;
  return (call) =>
    tf.tensor(new RandomNumbers(base + call).integers(tf.util.sizeFromShape(shape), bound), shape, 'int32');
}

export function booleans(...shape: number[]): Maker {
  const base = ++seed * 1000;
  return (call) =>
    tf.tensor(
      Uint8Array.from(new RandomNumbers(base + call).integers(tf.util.sizeFromShape(shape), 2)),
      shape,
      'bool',
    );
}
