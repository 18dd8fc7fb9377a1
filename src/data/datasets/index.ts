export { datasetGroups, datasets, findDatasets } from './catalogue.ts';
export { type Dataset, downloadBytes, isPinned, type RemoteFile } from './dataset.ts';
export {
  type DatasetOptions,
  type DownloadedDataset,
  dataDirectory,
  downloadDataset,
  firstDownloadsFile,
} from './download.ts';
export { type DatasetRecord, type DatasetState, datasetState, readRecord } from './record.ts';
