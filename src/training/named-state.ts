import type * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { Parameter } from '../nn/index.ts';

/*
 * An optimizer calls its state after TensorFlow.js's variables, `<variable>/<slot>`, whose names are running numbers that differ from
 * process to process. In checkpoints and messages the parameter's own name stands for the variable's.
 */

export interface NamedTensor {
  readonly name: string;
  readonly tensor: tf.Tensor;
}

/** What `getWeights` gives, under the parameters' names; the tensors remain the optimizer's. */
export async function savedOptimizer(
  optimizer: tf.Optimizer,
  parameters: readonly Parameter[],
): Promise<NamedTensor[]> {
  const names = new Map(parameters.map(({ name, variable }) => [variable.name, name]));
  return rename(
    await optimizer.getWeights(),
    names,
    'is state of a variable that is no parameter of the model',
  );
}

/** The names as this process's optimizer wants them. The tensors are the same. */
export function forOptimizer(saved: readonly NamedTensor[], parameters: readonly Parameter[]): NamedTensor[] {
  const names = new Map(parameters.map(({ name, variable }) => [name, variable.name]));
  return rename(saved, names, 'is state of a parameter that the model does not have');
}

/** The name of the owner, and what follows it; undefined for what belongs to no variable, as the count of steps. */
export function splitStateName(name: string): [owner: string, slot: string] | undefined {
  const slash = name.lastIndexOf('/');
  return slash < 0 ? undefined : [name.slice(0, slash), name.slice(slash + 1)];
}

function rename(
  state: readonly NamedTensor[],
  names: ReadonlyMap<string, string>,
  problem: string,
): NamedTensor[] {
  return state.map(({ name, tensor }) => {
    const parts = splitStateName(name);
    if (parts === undefined) return { name, tensor };
    const owner = names.get(parts[0]);
    if (owner === undefined) throw new UserError(`'${name}' ${problem}.`, 3);
    return { name: `${owner}/${parts[1]}`, tensor };
  });
}
