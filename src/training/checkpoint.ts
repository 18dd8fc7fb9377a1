import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { UserError } from '../errors.ts';
import type { Parameter } from '../nn/index.ts';
import type { RandomStreams } from '../random/index.ts';
import { addCheckpoint, listCheckpoints } from './checkpoint-folder.ts';
import {
  type CheckpointState,
  FORMAT,
  FORMAT_VERSION,
  firstDifference,
  type Json,
  readState,
  writeState,
} from './checkpoint-state.ts';
import { checkOptimizerTensors, checkWeights, SAFE_DTYPES, tensorOf } from './checkpoint-tensors.ts';
import { forOptimizer, type NamedTensor, savedOptimizer } from './named-state.ts';
import { type PendingTensor, SafetensorsFile, writeSafetensors } from './safetensors.ts';

/** What a checkpoint holds the state of. */
export interface Checkpointed {
  readonly model: { parameters(): readonly Parameter[] };
  readonly optimizer: tf.Optimizer;
  readonly streams: RandomStreams;
}

export interface SaveOptions extends Checkpointed {
  /** Updates done. */
  readonly step: number;
  /** Batches drawn since the beginning; default `step`. */
  readonly dataPosition?: number;
  /** What must be the same for the run to be continued: model, data, optimizer, backend. */
  readonly config: Json;
  /** Of software, for information; Node, TensorFlow.js and the backend are added. */
  readonly versions?: Readonly<Record<string, string>>;
}

export interface LoadOptions extends Checkpointed {
  readonly config: Json;
  readonly versions?: Readonly<Record<string, string>>;
}

export interface LoadedCheckpoint {
  readonly path: string;
  readonly step: number;
  readonly dataPosition: number;
  /** Versions that differ from those that wrote it, in words: with them the last bits may differ. */
  readonly changedVersions: readonly string[];
}

const FILES = { weights: 'weights.safetensors', optimizer: 'optimizer.safetensors' } as const;

/**
 * Writes weights, optimizer state and streams as a new checkpoint in `folder`, then removes the one before. Atomic as a whole:
 * see checkpoint-folder.ts. Weights and optimizer state are safetensors files under the parameters' names.
 *
 * @returns the new checkpoint's folder
 * @throws UserError if the disk is full (exit code 3) or refuses; the one before is then untouched
 */
export async function saveCheckpoint(folder: string, options: SaveOptions): Promise<string> {
  const { model, optimizer, streams, step, dataPosition = step, config, versions = {} } = options;
  const parameters = model.parameters();
  const weights = parameters.map(({ name, variable }) => ({ name, tensor: variable }));
  return addCheckpoint(folder, step, async (path) => {
    const metadata = { step: String(step) };
    const files = {
      weights: await writeSafetensors(join(path, FILES.weights), pending(weights), metadata),
      optimizer: await writeSafetensors(
        join(path, FILES.optimizer),
        pending(await savedOptimizer(optimizer, parameters)),
        metadata,
      ),
    };
    await writeState(join(path, 'state.json'), {
      format: FORMAT,
      formatVersion: FORMAT_VERSION,
      step,
      optimizer: optimizer.getClassName(),
      streams: streams.state(),
      dataPosition,
      config: JSON.parse(JSON.stringify(config)) as Json, // without fields that are undefined
      versions: { ...ownVersions(), ...versions },
      files,
    });
  });
}

/** The folder of the newest checkpoint, or undefined. */
export async function latestCheckpoint(folder: string): Promise<string | undefined> {
  return (await listCheckpoints(folder)).at(-1)?.path;
}

/**
 * Puts the newest checkpoint in `folder` into model, optimizer and streams. Everything is checked before anything is changed.
 *
 * @throws UserError (exit code 3) if there is none, or naming the field that is wrong: file, size, sha256, version, configuration,
 *   missing or foreign tensor, shape, type
 */
export async function loadCheckpoint(folder: string, options: LoadOptions): Promise<LoadedCheckpoint> {
  const path = await latestCheckpoint(folder);
  if (path === undefined) throw new UserError(`There is no checkpoint in ${folder}.`, 3);
  const where = `The checkpoint ${path} cannot be continued`;
  const state = await readState(join(path, 'state.json'), where);
  for (const kind of ['weights', 'optimizer'] as const)
    await checkFile(path, FILES[kind], state.files[kind], where);
  checkState(state, options, where);

  const { model, optimizer, streams } = options;
  const parameters = model.parameters();
  const weights = await SafetensorsFile.open(join(path, FILES.weights), `${where}: ${FILES.weights}`);
  try {
    const slots = await SafetensorsFile.open(join(path, FILES.optimizer), `${where}: ${FILES.optimizer}`);
    try {
      checkWeights(weights.header.tensors, parameters, `${where}, ${FILES.weights}`);
      checkOptimizerTensors(slots.header.tensors, parameters, `${where}, ${FILES.optimizer}`);
      restoreStreams(streams, state, where);
      await restoreOptimizer(slots, optimizer, parameters);
      for (const { name, variable } of parameters) {
        const value = tensorOf(await weights.read(name));
        variable.assign(value as tf.Tensor);
        value.dispose();
      }
    } finally {
      await slots.close();
    }
  } finally {
    await weights.close();
  }
  const current = { ...ownVersions(), ...options.versions };
  return {
    path,
    step: state.step,
    dataPosition: state.dataPosition,
    changedVersions: Object.keys(current)
      .map((name) => firstDifference(state.versions[name], current[name as keyof typeof current], name))
      .filter((difference) => difference !== undefined),
  };
}

/** Checks all before it changes one. */
function restoreStreams(streams: RandomStreams, state: CheckpointState, where: string): void {
  try {
    streams.restore(state.streams);
  } catch (error) {
    throw new UserError(`${where}, state.json: streams: ${(error as Error).message}`, 3);
  }
}

async function restoreOptimizer(
  slots: SafetensorsFile,
  optimizer: tf.Optimizer,
  parameters: readonly Parameter[],
): Promise<void> {
  const tensors: NamedTensor[] = [];
  try {
    // In the order of the file, which is that of getWeights: some optimizers expect the count of steps first.
    for (const name of slots.header.tensors.keys())
      tensors.push({ name, tensor: tensorOf(await slots.read(name)) });
    await optimizer.setWeights(forOptimizer(tensors, parameters));
  } finally {
    tf.dispose(tensors.map(({ tensor }) => tensor));
  }
}

function pending(tensors: readonly NamedTensor[]): Map<string, PendingTensor> {
  const entries = tensors.map(({ name, tensor }): [string, PendingTensor] => {
    const dtype = SAFE_DTYPES[tensor.dtype];
    if (dtype === undefined)
      throw new RangeError(`Tensor '${name}' of type ${tensor.dtype} cannot be saved.`);
    return [name, { dtype, shape: tensor.shape, read: () => tensor.data() }];
  });
  const map = new Map(entries);
  if (map.size !== entries.length) throw new RangeError('Two tensors of a checkpoint have the same name.');
  return map;
}

function checkState(state: CheckpointState, { optimizer, config }: LoadOptions, where: string): void {
  const difference =
    firstDifference(state.optimizer, optimizer.getClassName(), 'optimizer') ??
    firstDifference(state.config, JSON.parse(JSON.stringify(config)) as Json, 'config');
  if (difference !== undefined) throw new UserError(`${where}: ${difference}.`, 3);
}

async function checkFile(
  path: string,
  name: string,
  expected: CheckpointState['files']['weights'],
  where: string,
): Promise<void> {
  const refuse = (problem: string) => new UserError(`${where}: ${name}, ${problem}.`, 3);
  const file = join(path, name);
  const size = await stat(file).then(
    (status) => status.size,
    () => undefined,
  );
  if (size === undefined) throw refuse('the file is missing');
  if (size !== expected.bytes) throw refuse(`size: ${size} bytes where ${expected.bytes} were written`);
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  if (hash.digest('hex') !== expected.sha256)
    throw refuse('sha256: the contents are not those that were written');
}

function ownVersions(): Record<string, string> {
  return { node: process.version, tfjs: tf.version.tfjs, backend: tf.getBackend() };
}
