import * as tf from '@tensorflow/tfjs';
import type { Parameter } from './parameter.ts';

/** A parameter as a weight of `tf.layers`: one variable under both names, so that each sees what the other writes. */
export class ParameterVariable extends tf.LayerVariable {
  constructor({ name, variable }: Parameter) {
    super(variable, 'float32', name, true); // tf.layers puts the name of the layer before it
    const copy = this.val;
    Object.assign(this, { val: variable });
    copy.dispose();
  }
}
