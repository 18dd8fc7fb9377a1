import { downloadDataset } from '../../../src/data/datasets/download.ts';
import { silent } from '../../../src/download/progress.ts';
import { fakeDataset } from './fake-dataset.ts';

// The archive is random in every process: its digest and size come from the parent.
const [url = '', directory = '', bytes = '', sha256 = ''] = process.argv.slice(2);
const dataset = fakeDataset(url);
const sources = dataset.sources.map((source, index) =>
  index === 0 ? { ...source, bytes: Number(bytes), sha256 } : source,
);
await downloadDataset({ ...dataset, sources }, { directory, progress: silent });
