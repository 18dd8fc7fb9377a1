import * as tf from '@tensorflow/tfjs';
import { release } from './release.ts';

/**
 * W ← keep·W − step: the end of an update with decoupled decay, `keep` = 1 − ηλ [] (undefined: nothing decays). Disposes `step`, of
 * the variable's shape, which the caller made for this.
 */
export function takeStep(variable: tf.Variable, step: tf.Tensor, keep?: tf.Scalar): void {
  const decayed = keep === undefined ? variable : tf.mul(variable, keep);
  const weights = release(tf.sub(decayed, step), step);
  if (decayed !== variable) decayed.dispose();
  variable.assign(weights);
  weights.dispose();
}
