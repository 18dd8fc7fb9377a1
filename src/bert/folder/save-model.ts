import { readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { tokenizerFiles, type WordPieceTokenizer } from '../../data/index.ts';
import { buildDirectory } from '../../download/build-directory.ts';
import { UserError } from '../../errors.ts';
import { explainWriteFailure } from '../../file-errors.ts';
import { type PendingTensor, writeSafetensors } from '../../training/index.ts';
import { WEIGHTS_FILE } from './load-weights.ts';
import { SETTINGS_FILE } from './model-folder.ts';
import type { StoredModel } from './stored-model.ts';
import { fileValues, type StoredTensor } from './stored-tensor.ts';

/** What a folder may hold for us to replace it. */
const OURS = [SETTINGS_FILE, WEIGHTS_FILE, 'vocab.txt', 'tokenizer_config.json'];

/**
 * Writes a model in Hugging Face's layout: config.json, model.safetensors, and with a tokenizer vocab.txt and
 * tokenizer_config.json. The folder appears whole or not at all; one that this function wrote before is replaced as a whole.
 *
 * @throws UserError if the folder holds other files, or cannot be written
 */
export async function saveModel(
  folder: string,
  model: StoredModel,
  tokenizer?: WordPieceTokenizer,
): Promise<void> {
  const target = resolve(folder);
  await requireOurs(target);
  const settings = { architectures: [`${model.family}${model.architecture}`], ...model.settings() };
  try {
    await buildDirectory(target, async (staging) => {
      await writeFile(join(staging, SETTINGS_FILE), `${JSON.stringify(settings, null, 2)}\n`, {
        flush: true,
      });
      await writeSafetensors(join(staging, WEIGHTS_FILE), pending(model), { format: 'pt' });
      for (const [name, contents] of Object.entries(tokenizer ? tokenizerFiles(tokenizer) : {}))
        await writeFile(join(staging, name), contents, { flush: true });
    });
  } catch (error) {
    throw explainWriteFailure(error, `the model ${target}`) ?? error;
  }
}

async function requireOurs(target: string): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw explainWriteFailure(error, `the model ${target}`) ?? error;
  });
  const foreign = names.find((name) => !OURS.includes(name));
  if (foreign === undefined) return;
  throw new UserError(
    `${target} holds ${foreign}, which is no file of a saved model, and would be lost. Choose another folder.`,
  );
}

/** In Hugging Face's names: an encoder with a head goes by `bert.`. */
function pending(model: StoredModel): Map<string, PendingTensor> {
  const prefix = model.architecture === 'Model' ? '' : 'bert.';
  return new Map(
    model
      .stored()
      .map((tensor) => [
        tensor.part === 'head' ? tensor.name : `${prefix}${tensor.name}`,
        { dtype: 'F32', shape: tensor.shape, read: () => readTensor(tensor) },
      ]),
  );
}

async function readTensor(tensor: StoredTensor): Promise<Float32Array> {
  return fileValues((await tensor.variable.data()) as Float32Array, tensor);
}
