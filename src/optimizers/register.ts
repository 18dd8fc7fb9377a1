import * as tf from '@tensorflow/tfjs';

type OptimizerClass = tf.serialization.SerializableConstructor<tf.serialization.Serializable>;

/**
 * Makes the classes known to `tf.loadLayersModel`, which otherwise cannot load a model that was saved with
 * `includeOptimizer` and one of them. Registering again does no harm.
 */
export function register(...optimizers: OptimizerClass[]): void {
  for (const optimizer of optimizers) tf.serialization.registerClass(optimizer);
}
