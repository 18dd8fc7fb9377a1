import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../../errors.ts';
import { SafetensorsFile } from '../../training/index.ts';
import { FLOAT_DTYPES, floatValues } from './float-values.ts';
import type { StoredModel } from './stored-model.ts';
import { fillVariable, type StoredPart, type StoredTensor } from './stored-tensor.ts';

export const WEIGHTS_FILE = 'model.safetensors';

export interface LoadWeightsOptions {
  /** Parts that stay as they were initialised where the file does not have them, or in another shape. Default none. */
  readonly fresh?: readonly Exclude<StoredPart, 'encoder'>[] | undefined;
}

/** Every tensor of the model and of the file, accounted for by name. */
export interface LoadedWeights {
  readonly loaded: readonly string[];
  /** Of the model, not in the file: as initialised. */
  readonly initialized: readonly string[];
  /** Of the file: heads that this model does not have, and buffers that are no weights. */
  readonly unused: readonly string[];
}

/** Of other heads, or constants that old versions of PyTorch stored. */
const KNOWN_UNUSED = /^(cls|classifier|qa_outputs|pooler|fit_dense|fit_denses)\.|^embeddings\.position_ids$/;

/**
 * Puts a folder's weights into a model. Everything is checked before anything is changed.
 *
 * @throws UserError (exit code 3) listing what is missing, of another shape or type, or unknown, or naming what is wrong with the file
 */
export async function loadWeights(
  model: Pick<StoredModel, 'stored'>,
  folder: string,
  { fresh = [] }: LoadWeightsOptions = {},
): Promise<LoadedWeights> {
  const path = join(folder, WEIGHTS_FILE);
  const file = await open(path);
  try {
    const inFile = namesInFile(file, path);
    const wanted = model.stored();
    const problems: string[] = [];
    const present: StoredTensor[] = [];
    const initialized: string[] = [];
    for (const tensor of wanted) {
      const problem = problemWith(tensor, file, inFile.get(tensor.name));
      if (problem === undefined) present.push(tensor);
      else if (tensor.part !== 'encoder' && fresh.includes(tensor.part)) initialized.push(tensor.name);
      else problems.push(`${tensor.name}: ${problem}`);
    }
    const known = new Set(wanted.map(({ name }) => name));
    const unused = [...inFile.keys()].filter((name) => !known.has(name));
    problems.push(
      ...unused.filter((name) => !KNOWN_UNUSED.test(name)).map((name) => `${name}: not in the model`),
    );
    if (problems.length > 0) {
      throw new UserError(`${path} does not fit the model:\n${problems.map((p) => `  ${p}`).join('\n')}`, 3);
    }
    await assign(present, (name) => file.read(inFile.get(name) as string));
    return { loaded: present.map(({ name }) => name), initialized, unused };
  } finally {
    await file.close();
  }
}

async function open(path: string): Promise<SafetensorsFile> {
  try {
    return await SafetensorsFile.open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new UserError(
      `Cannot read the weights ${path}: ${why}. Weights in other formats (pytorch_model.bin, several parts) have to be saved as one ` +
        'safetensors file first.',
      3,
    );
  }
}

/** Our name → the file's. Without the encoder's prefix, and with what TensorFlow called gamma and beta under PyTorch's names. */
function namesInFile(file: SafetensorsFile, path: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of file.header.tensors.keys()) {
    const ours = name
      .replace(/^bert\./, '')
      .replace(/\.gamma$/, '.weight')
      .replace(/\.beta$/, '.bias');
    const twin = names.get(ours);
    if (twin !== undefined)
      throw new UserError(`${path} holds both ${twin} and ${name}, which are the same weight.`, 3);
    names.set(ours, name);
  }
  return names;
}

function problemWith(
  { shape }: StoredTensor,
  file: SafetensorsFile,
  name: string | undefined,
): string | undefined {
  const info = name === undefined ? undefined : file.header.tensors.get(name);
  if (info === undefined) return 'missing';
  if (!tf.util.arraysEqual([...info.shape], [...shape]))
    return `shape [${info.shape}] where the model has [${shape}]`;
  return FLOAT_DTYPES.some((dtype) => dtype === info.dtype)
    ? undefined
    : `type ${info.dtype}, which weights do not have`;
}

/** One variable in memory at a time. */
async function assign(
  tensors: readonly StoredTensor[],
  read: (name: string) => ReturnType<SafetensorsFile['read']>,
): Promise<void> {
  const byVariable = new Map<tf.Variable, StoredTensor[]>();
  for (const tensor of tensors)
    byVariable.set(tensor.variable, [...(byVariable.get(tensor.variable) ?? []), tensor]);
  for (const [variable, parts] of byVariable) {
    const values = new Float32Array(variable.size);
    for (const part of parts) fillVariable(values, part, floatValues(await read(part.name)));
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}
