import * as tf from '@tensorflow/tfjs';
import { geluTanh } from '../../src/nn/index.ts';
import type { Activation } from './expression.ts';

/** PyTorch's; that of TensorFlow.js is 0.2. */
const LEAKY_SLOPE = 0.01;

/** The activations as the authors compute them: gelu in its tanh form. */
export const ACTIVATION_FUNCTIONS: Readonly<Record<Activation, (x: tf.Tensor2D) => tf.Tensor2D>> = {
  gelu: (x) => geluTanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  relu: (x) => tf.relu(x),
  leaky_relu: (x) => tf.leakyRelu(x, LEAKY_SLOPE),
  elu: (x) => tf.elu(x),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
};
