import * as tf from '@tensorflow/tfjs';
import { compile } from '../../src/compile/index.ts';
import type { Optimizer } from '../../src/optimizers/index.ts';
import { MODES, type Mode } from '../support/modes.ts';

export { MODES, type Mode };

/** A variable of these values, under a name of its own. */
export function variableOf(values: ArrayLike<number>, shape: readonly number[], name?: string): tf.Variable {
  const initial = tf.tensor(Float32Array.from(values), [...shape]);
  const variable = tf.variable(initial, true, name);
  initial.dispose();
  return variable;
}

export interface Stepper {
  /** One step with this gradient. */
  step(gradient: ArrayLike<number>): void;
  dispose(): void;
}

/** Steps of one variable: by `applyGradients`, or by a compiled function that calls it. */
export function stepper(mode: Mode, optimizer: Optimizer, variable: tf.Variable): Stepper {
  const apply = (gradient: tf.Tensor) => {
    optimizer.applyGradients({ [variable.name]: gradient });
    return tf.sum(gradient);
  };
  const compiled = mode === 'captured' ? compile(apply) : undefined;
  return {
    step(gradient) {
      const tensor = tf.tensor(Float32Array.from(gradient), variable.shape);
      tf.dispose([(compiled ?? apply)(tensor), tensor]);
    },
    dispose: () => compiled?.dispose(),
  };
}

/**
 * Runs a few steps, so that the compiled function replays from here on, and takes their effect back: variable and state are
 * as they were before the first step (but for the count of iterations).
 */
export async function warmUp(stepper: Stepper, optimizer: Optimizer, variable: tf.Variable): Promise<void> {
  const initial = await variable.data();
  for (let i = 0; i < 4; i++) {
    stepper.step(Float32Array.from({ length: variable.size }, (_, k) => Math.sin(k + 7 * i)));
  }
  assign(variable, initial);
  const [, ...slots] = await optimizer.getWeights();
  for (const { tensor } of slots) assign(tensor as tf.Variable, new Float32Array(tensor.size));
}

/** State slots by their short name; what belongs to no variable is left out. */
export async function slotValues(optimizer: Optimizer, prefix: string): Promise<Record<string, number[]>> {
  const [, ...slots] = await optimizer.getWeights();
  const values: Record<string, number[]> = {};
  for (const { name, tensor } of slots) {
    if (!name.includes('/')) continue;
    values[name.slice(name.lastIndexOf(prefix) + prefix.length)] = Array.from(await tensor.data());
  }
  return values;
}

function assign(variable: tf.Variable, values: ArrayLike<number>): void {
  const tensor = tf.tensor(Float32Array.from(values), variable.shape);
  variable.assign(tensor);
  tensor.dispose();
}
