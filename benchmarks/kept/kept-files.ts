import { join } from 'node:path';
import { keptDatasetDownloads, keptDatasets } from './datasets.ts';
import type { Kept } from './kept.ts';
import { keptModels, keptModelWheels } from './models.ts';
import { keptNative, keptWheels } from './native.ts';
import { keptRuns } from './runs.ts';

export interface Places {
  /** Where run directories are. */
  readonly runs: string;
  /** The cache of this package. */
  readonly cache: string;
}

/** Everything that this package keeps, by kind. Only looks. */
export async function keptFiles({ runs, cache }: Places): Promise<Kept[]> {
  const datasets = join(cache, 'datasets');
  const found = [
    await keptRuns(runs),
    await keptWheels(cache),
    await keptModelWheels(cache),
    await keptDatasetDownloads(datasets),
    await keptNative(cache),
    await keptDatasets(datasets),
    await keptModels(cache),
  ];
  return found.flat();
}
