import type * as tf from '@tensorflow/tfjs';

/** `{name, tensor}`: TensorFlow.js uses the type in its interfaces and does not export it. */
export type NamedTensor = Awaited<ReturnType<tf.Optimizer['saveIterations']>>;
