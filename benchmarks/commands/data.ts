import { join } from 'node:path';
import {
  type Dataset,
  type DatasetState,
  dataDirectory,
  datasetGroups,
  datasetState,
  datasets,
  downloadBytes,
  downloadDataset,
  findDatasets,
  isPinned,
} from '../../src/data/datasets/index.ts';
import { type Progress, streamProgress } from '../../src/download/progress.ts';
import { textTable } from '../../src/experiment/table.ts';
import { formatBytes } from './format-bytes.ts';

/** The options of `data ls` and `data download`: what is absent was not named. */
export interface DataOptions {
  readonly dir?: string;
  readonly json?: true;
  readonly quiet?: true;
}

interface ListedDataset {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly licence: string;
  /** Whether the digest of the download is known beforehand. */
  readonly sha256Known: boolean;
  readonly state: DatasetState;
  readonly path: string;
}

/** Prints every public set that can be downloaded, how large the download is, its terms, and where it lies if it is here. */
export async function dataListCommand(options: DataOptions, invocation: string): Promise<void> {
  const directory = options.dir ?? dataDirectory();
  const listed = await Promise.all(datasets.map((dataset) => describe(dataset, directory)));
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ directory, datasets: listed }, null, 2)}\n`);
    return;
  }
  const rows = listed.map((set) => [set.name, formatBytes(set.bytes).padStart(8), where(set), set.licence]);
  const unknown = listed.filter((set) => !set.sha256Known).map(({ name }) => name);
  const groups = Object.entries(datasetGroups).map(
    ([name, members]) => `${name}: ${members.map((dataset) => dataset.name).join(', ')}`,
  );
  const table = textTable({
    title: `Public data sets; those that are here lie in ${directory}`,
    columns: ['name', 'download', 'here', 'terms, as far as known; look them up at the publisher'].map(
      (title) => ({ title }),
    ),
    rows,
  });
  const notes = [
    `Several at once: ${groups.join('; ')}.`,
    `Downloads are checked by sha256. For ${unknown.join(' and ')} none is known: the first download is trusted, later ones must match it.`,
    `Get one with: ${invocation} data download ${datasets[0]?.name}`,
  ];
  process.stdout.write(`${table}\n\n${notes.join('\n')}\n`);
}

/** Downloads the sets, or groups of sets, one after another, and prints where each lies. What came before a failure is kept. */
export async function dataDownloadCommand(names: readonly string[], options: DataOptions): Promise<void> {
  const wanted = findDatasets(names);
  const bar = streamProgress();
  const progress: Progress = options.quiet ? { ...bar, bytes() {} } : bar;
  const done: { name: string; path: string; fetched: boolean }[] = [];
  for (const dataset of wanted) {
    const result = await downloadDataset(dataset, { directory: options.dir, progress });
    done.push({ name: dataset.name, ...result });
    if (options.json) continue;
    if (result.fetched && !options.quiet) progress.line(`${dataset.name}: terms of use: ${dataset.licence}.`);
    process.stdout.write(`${dataset.name}  ${result.path}${result.fetched ? '' : '  (was here already)'}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
}

async function describe(dataset: Dataset, directory: string): Promise<ListedDataset> {
  const { name, title, licence, folder } = dataset;
  const path = join(directory, folder);
  const state = await datasetState(path);
  return { name, title, bytes: downloadBytes(dataset), licence, sha256Known: isPinned(dataset), state, path };
}

function where({ state, path }: ListedDataset): string {
  switch (state) {
    case 'whole':
      return path;
    case 'damaged':
      return 'damaged: download it again';
    case 'foreign':
      return `${path} holds other files`;
    case 'absent':
      return 'no';
  }
}
