import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { Parameter } from '../nn/index.ts';
import { splitStateName } from './named-state.ts';
import type { SafeTensor } from './safetensors.ts';
import type { Dtype, TensorInfo } from './safetensors-header.ts';

type Infos = ReadonlyMap<string, TensorInfo>;

/** The format's name of each of TensorFlow.js's types that has one. */
export const SAFE_DTYPES: Readonly<Record<string, Dtype | undefined>> = {
  float32: 'F32',
  int32: 'I32',
  bool: 'BOOL',
};
const TFJS_DTYPES = { F32: 'float32', I32: 'int32', BOOL: 'bool' } as const;

/** @throws UserError (exit code 3) naming the tensor unless the file holds the parameters, all and only */
export function checkWeights(saved: Infos, parameters: readonly Parameter[], where: string): void {
  for (const { name, variable } of parameters) {
    const info = saved.get(name);
    if (info === undefined) throw refusal(where, name, 'missing');
    const wanted = SAFE_DTYPES[variable.dtype];
    if (info.dtype !== wanted)
      throw refusal(where, name, `dtype: ${info.dtype} where the model has ${wanted}`);
    if (!tf.util.arraysEqual([...info.shape], variable.shape)) {
      throw refusal(where, name, `shape: [${info.shape}] where the model has [${variable.shape}]`);
    }
  }
  const known = new Set(parameters.map(({ name }) => name));
  for (const name of saved.keys())
    if (!known.has(name)) throw refusal(where, name, 'not a parameter of the model');
}

/** @throws UserError (exit code 3) naming the tensor if it is state of no parameter, or of a type that none has */
export function checkOptimizerTensors(saved: Infos, parameters: readonly Parameter[], where: string): void {
  const known = new Set(parameters.map(({ name }) => name));
  for (const [name, { dtype }] of saved) {
    const owner = splitStateName(name)?.[0];
    if (owner !== undefined && !known.has(owner))
      throw refusal(where, name, 'state of a parameter that the model does not have');
    const wanted = owner === undefined ? 'I32' : 'F32';
    if (dtype !== wanted) throw refusal(where, name, `dtype: ${dtype} where ${wanted} was expected`);
  }
  if (!saved.has('iter')) throw refusal(where, 'iter', 'missing');
}

/** The caller disposes it. */
export function tensorOf({ dtype, shape, data }: SafeTensor): tf.Tensor {
  if (!(dtype in TFJS_DTYPES)) throw new RangeError(`TensorFlow.js has no type ${dtype}.`);
  return tf.tensor(data as tf.TypedArray, [...shape], TFJS_DTYPES[dtype as keyof typeof TFJS_DTYPES]);
}

function refusal(where: string, name: string, problem: string): UserError {
  return new UserError(`${where}: tensor '${name}', ${problem}.`, 3);
}
