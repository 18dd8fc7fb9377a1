import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DOWNLOADS } from '../../src/data/datasets/download.ts';
import { type Dataset, datasetState, datasets } from '../../src/data/datasets/index.ts';
import { RECORD_FILE } from '../../src/data/datasets/record.ts';
import { lockHolder, withLock } from '../../src/download/lock.ts';
import { silent } from '../../src/download/progress.ts';
import { entriesOf, evenOnFullDisk, leadsThroughLink, removeIfEmpty, sizeOnDisk } from './folder.ts';
import type { Kept, Kind } from './kept.ts';

/** The sets that `data download` put into a directory. */
export async function keptDatasets(directory: string): Promise<Kept[]> {
  const found = await Promise.all(
    datasets.map(async (dataset) => {
      const state = await datasetState(join(directory, dataset.folder));
      if (state === 'absent') return [];
      const what = state === 'damaged' ? `${dataset.name}, damaged` : dataset.name;
      const files = [...dataset.files, RECORD_FILE];
      const kept = await describe('datasets', what, directory, dataset, dataset.folder, files);
      const why = 'holds files that were not downloaded here';
      return [
        state === 'foreign' ? { ...kept, what: 'not ours', foreign: true as const, blocked: why } : kept,
      ];
    }),
  );
  return found.flat();
}

/** What their downloads left, whole or in part, when they were interrupted. */
export async function keptDatasetDownloads(directory: string): Promise<Kept[]> {
  const found = await Promise.all(
    datasets.map(async (dataset) => {
      const folder = join(DOWNLOADS, dataset.name);
      const files = dataset.sources
        .map(({ url }) => basename(new URL(url).pathname))
        .flatMap((name) => [name, `${name}.part`]);
      const present = (await entriesOf(join(directory, folder))).some(({ name }) => files.includes(name));
      return present ? [await describe('downloads', dataset.name, directory, dataset, folder, files)] : [];
    }),
  );
  return found.flat();
}

async function describe(
  kind: Kind,
  what: string,
  directory: string,
  dataset: Dataset,
  folder: string,
  files: readonly string[],
): Promise<Kept> {
  const path = join(directory, folder);
  const lock = join(directory, DOWNLOADS, `${dataset.name}.lock`);
  const pid = await lockHolder(lock);
  const busy = pid === undefined ? undefined : `is in use by a download (process ${pid})`;
  return {
    kind,
    path,
    bytes: await sizeOnDisk(path),
    what,
    blocked: (await leadsThroughLink(directory, folder)) ? 'is reached through a link' : busy,
    remove: async () => {
      const remove = async (): Promise<readonly string[]> => {
        for (const name of files) await rm(join(path, name), { force: true });
        await removeIfEmpty(path);
        const left = (await entriesOf(path)).map(({ name }) => name);
        if (left.length === 0 && dirname(path) !== directory) await removeIfEmpty(dirname(path));
        return left;
      };
      const locked = () => withLock(lock, silent, remove, { wait: false, what: 'download' });
      const left = await evenOnFullDisk(locked, remove);
      await removeIfEmpty(join(directory, DOWNLOADS));
      return left;
    },
  };
}
