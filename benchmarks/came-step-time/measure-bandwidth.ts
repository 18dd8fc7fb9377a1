import * as tf from '@tensorflow/tfjs';
import { timeSteps } from '../../src/experiment/timer.ts';

/**
 * GB/s, the best of `repeats` passes over arrays far larger than the caches, counted as STREAM does (what the program reads and
 * writes): a copy of a typed array, by one thread, and two operations of the backend in use.
 */
export async function measureBandwidth(elements: number, repeats: number): Promise<Record<string, number>> {
  const best = async (bytes: number, step: () => Promise<unknown>) =>
    (bytes * elements) / Math.min(...(await timeSteps(step, repeats))) / 1e6;
  const [from, to] = [new Float32Array(elements).fill(1), new Float32Array(elements)];
  const copy = await best(8, async () => to.set(from));
  const [a, b] = [tf.ones([elements]), tf.ones([elements])];
  const read = async (of: () => tf.Tensor) => {
    const result = tf.tidy(of);
    await result.data();
    result.dispose();
  };
  const sum = await best(4, () => read(() => tf.sum(a)));
  const add = await best(12, () => read(() => tf.add(a, b).slice([0], [1])));
  tf.dispose([a, b]);
  return { copy, sum, add };
}
