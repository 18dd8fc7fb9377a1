/**
 * Whose memory a variable's values are in. TensorFlow.js shares buffers between tensors (`clone`, `reshape`,
 * `variable(initial)`, `assign`) and counts those references; TensorFlow shares them a second time, uncounted by
 * TensorFlow.js, when an operation has nothing to compute (a slice of everything, a cast to the same type). A kernel that
 * writes in place may do so only in a buffer that nobody else can see.
 */
import * as tf from '@tensorflow/tfjs';
import { currentRecording } from '../compile/recording-state.ts';
import { nativeBackend, type TensorflowBackend } from './tensorflow-backend.ts';

/** Buffers that we allocated for one variable and that no operation has shared since. */
const privateBuffers = new WeakSet<object>();

/**
 * Operations of TensorFlow whose output is always in new memory: those that models do with their weights. Any other may
 * return (part of) its input's buffer (Slice, Split, Reshape, Cast, Transpose, a resize to the same size …), so a weight
 * that goes through one is taken as shared; the price of being wrong is one copy.
 */
const ALWAYS_NEW = new Set(
  `Abs AddV2 ArgMax ArgMin BatchMatMul BatchMatMulV2 BiasAdd BiasAddGrad Conv2D Conv2DBackpropFilter Conv2DBackpropInput
  Conv3D DeepCopy DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput Div Equal
  Erf Exp GatherNd GatherV2 Greater GreaterEqual Less LessEqual Log Log1p LogSoftmax MatMul Maximum Minimum Mul Neg
  NotEqual OnesLike Pow RealDiv Reciprocal Relu Rsqrt Select SelectV2 Sigmoid Sign Softmax Softplus Sqrt Square
  SquaredDifference Sub Tanh UnsortedSegmentSum ZerosLike _FusedMatMul`
    .trim()
    .split(/\s+/),
);

/** Whether the outputs of a TensorFlow operation (or of one of ours) may share memory with its inputs. */
export function mayShareBuffers(operation: string): boolean {
  return !ALWAYS_NEW.has(operation) && !operation.startsWith(OUR_PREFIX);
}

/** What the names of our own operations begin with; none of them returns its input's memory. */
const OUR_PREFIX = 'TfjsMethods';

/** Watches the backend's operations, so that a private buffer that one of them shares is private no more. */
export function trackSharedBuffers(backend: TensorflowBackend): void {
  const { executeSingleOutput, executeMultipleOutputs } = backend;
  const release = (operation: string, inputs: tf.Tensor[]) => {
    if (mayShareBuffers(operation)) for (const input of inputs) privateBuffers.delete(input.dataId ?? input);
  };
  backend.executeSingleOutput = (operation, attributes, inputs) => {
    release(operation, inputs);
    return executeSingleOutput.call(backend, operation, attributes, inputs);
  };
  backend.executeMultipleOutputs = (operation, attributes, inputs, outputs) => {
    release(operation, inputs);
    return executeMultipleOutputs.call(backend, operation, attributes, inputs, outputs);
  };
}

/** Whether writing the variable in place is seen by nobody else. */
export function isPrivate(variable: tf.Variable): boolean {
  return privateBuffers.has(variable.dataId) && nativeBackend().refCount(variable.dataId) === 1;
}

/** Gives the variable a buffer of its own: copies its values, by `copyOf`, if anything else may share them. */
export function makePrivate(variable: tf.Variable, copyOf: (tensor: tf.Tensor) => tf.Tensor): void {
  if (isPrivate(variable)) return;
  const copy = () => tf.tidy(() => variable.assign(copyOf(variable)));
  const recording = currentRecording();
  if (recording === undefined) copy();
  else recording.copyVariable(variable, copy);
  privateBuffers.add(variable.dataId);
}

/** A copy in new memory; `clone` and TensorFlow's Identity would share it. */
export function copyOf<T extends tf.Tensor>(tensor: T): T {
  const backend = nativeBackend();
  const type = {
    name: 'T',
    type: backend.binding.TF_ATTR_TYPE,
    value: backend.getDTypeInteger(tensor.dtype),
  };
  return backend.executeSingleOutput('DeepCopy', [type], [tensor]) as T;
}
