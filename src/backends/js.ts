import * as tf from '@tensorflow/tfjs';
import type { Loaded } from './backend.ts';

/** TensorFlow.js's own plain backend: slow and correct, always there. */
export async function loadJs(): Promise<Loaded> {
  await tf.setBackend('cpu');
  // Otherwise the first tensor prints a banner that recommends tfjs-node.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return { name: 'js', version: tf.version['tfjs-core'], threads: 1, software: false, nativeKernels: false };
}
