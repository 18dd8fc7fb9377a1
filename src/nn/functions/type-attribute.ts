import type * as tf from '@tensorflow/tfjs';
import { nativeBackend, type OpAttribute } from '../../native/tensorflow-backend.ts';

/** An attribute of a TensorFlow operation that is a data type. Only on the `tensorflow` backend. */
export function typeAttribute(name: string, dtype: tf.DataType): OpAttribute {
  const backend = nativeBackend();
  return { name, type: backend.binding.TF_ATTR_TYPE, value: backend.getDTypeInteger(dtype) };
}
