import * as tf from '@tensorflow/tfjs';
import { Adafactor } from './adafactor.ts';
import { AdamMini } from './adam-mini.ts';
import { AdamW } from './adamw.ts';
import { LAMB } from './lamb.ts';
import { Lion } from './lion.ts';
import { Muon } from './muon.ts';
import { ScheduleFreeAdamW } from './schedule-free-adamw.ts';
import { SGDMomentum } from './sgd-momentum.ts';
import { SM3 } from './sm3.ts';

type OptimizerClass = tf.serialization.SerializableConstructor<tf.serialization.Serializable>;

/**
 * Makes the classes known to `tf.loadLayersModel`, which otherwise cannot load a model that was saved with
 * `includeOptimizer` and one of them. Registering again does no harm.
 */
export function register(...optimizers: OptimizerClass[]): void {
  for (const optimizer of optimizers) tf.serialization.registerClass(optimizer);
}

/** The optimizers of this folder. */
const OWN: readonly OptimizerClass[] = [
  AdamW,
  Adafactor,
  LAMB,
  Lion,
  SM3,
  AdamMini,
  Muon,
  ScheduleFreeAdamW,
  SGDMomentum,
];

/** Makes all optimizers of this folder known, and those given besides, such as CAME: see `register`. */
export function registerAll(...others: OptimizerClass[]): void {
  register(...OWN, ...others);
}
