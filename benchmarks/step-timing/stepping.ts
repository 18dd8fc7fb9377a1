import * as tf from '@tensorflow/tfjs';
import { compile } from '../../src/compile/index.ts';
import type { Optimizer } from '../../src/optimizers/index.ts';
import type { ValueSample } from './samples.ts';
import type { StepTask } from './task.ts';
import { gradientKey, hashedValues, weightKey } from './values.ts';

/** An optimizer that steps over weights of its own, with the same gradients each time. */
export interface Stepping {
  /** Resolves when the weights are written. */
  step(): Promise<void>;
  /** Some values of some weights. */
  values(samples: readonly ValueSample[]): Promise<number[][]>;
  /** Of optimizer, weights and graph; gradients remain the caller's. */
  dispose(): void;
}

export interface SteppingOptions {
  readonly captured: boolean;
  /** Of the variables, which are known by them to the whole process; undefined: TensorFlow.js counts. */
  readonly names?: readonly string[];
}

/** The gradients of all tensors; the caller's. */
export function createGradients({
  shapes,
  gradientScale,
}: Pick<StepTask, 'shapes' | 'gradientScale'>): tf.Tensor[] {
  return shapes.map((shape, index) => create(shape, gradientKey(index), gradientScale));
}

export function createStepping(
  optimizer: Optimizer,
  { shapes, weightScale }: Pick<StepTask, 'shapes' | 'weightScale'>,
  gradients: readonly tf.Tensor[],
  { captured, names }: SteppingOptions,
): Stepping {
  const variables = shapes.map((shape, index) =>
    tf.tidy(() => tf.variable(create(shape, weightKey(index), weightScale), true, names?.[index])),
  );
  const last = variables.at(-1) as tf.Variable;
  const eager = (...given: tf.Tensor[]) => {
    optimizer.applyGradients(
      variables.map(({ name }, index) => ({ name, tensor: given[index] as tf.Tensor })),
    );
    // One number of the last variable to be written: reading it waits for the step.
    return last.slice(
      last.shape.map(() => 0),
      last.shape.map(() => 1),
    );
  };
  const compiled = captured ? compile(eager) : undefined;
  const apply = compiled ?? eager;
  return {
    async step() {
      const written = apply(...gradients);
      await written.data();
      written.dispose();
    },
    async values(samples) {
      const values: number[][] = [];
      for (const { index, elements } of samples) {
        const data = await (variables[index] as tf.Variable).data();
        values.push(elements.map((element) => data[element] as number));
      }
      return values;
    },
    dispose() {
      compiled?.dispose();
      optimizer.dispose();
      tf.dispose(variables);
    },
  };
}

function create(shape: readonly number[], key: number, scale: number): tf.Tensor {
  return tf.tensor(hashedValues(tf.util.sizeFromShape([...shape]), key, scale), [...shape]);
}
