import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Backend, BackendName, BackendRequest } from '../../src/backends/index.ts';
import type { TextFile } from '../../src/data/text-file.ts';
import { UserError } from '../../src/errors.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import type { CellSpec } from '../../src/experiment/process-executor.ts';
import type { RunDirectory } from '../../src/experiment/run-directory.ts';
import { temporaryEnding } from '../../src/experiment/write-atomic.ts';
import type { RunOptions, Settings, StoredSettings } from './settings.ts';

interface Given {
  /** Of the run that is resumed. */
  readonly stored: StoredSettings | undefined;
  readonly text: TextFile | undefined;
  readonly runDirectory: RunDirectory;
}

/** What the processes that compute the cells are told. */
export async function cellSpec(
  experiment: Experiment,
  settings: Settings,
  options: RunOptions,
  { stored, text, runDirectory }: Given,
): Promise<CellSpec> {
  const { preset, config, seeds, peers } = settings;
  return {
    experiment: experiment.name,
    preset,
    config,
    seeds,
    peers,
    backend: options.backend ?? (stored === undefined ? experiment.backend : asRequest(stored.backend)),
    threads: experiment.cellsRun === 'alone' ? null : 1,
    data: text === undefined ? null : await readableData(text, settings, runDirectory),
  };
}

/** A run goes on with the backend and the threads that it was begun with: others round otherwise. */
export function refuseOther(stored: StoredSettings, backend: Backend): void {
  if (backend.name !== stored.backend) {
    throw new UserError(
      `--resume: the run was begun on the ${stored.backend} backend and this is ${backend.name}, which rounds otherwise. ` +
        'Start anew with another --out.',
    );
  }
  if (backend.threads !== stored.threads) {
    throw new UserError(
      `--resume: the run was begun with ${stored.threads} threads and this is ${backend.threads}, which is not the same ` +
        'measurement. Start anew with another --out.',
    );
  }
}

function asRequest(backend: BackendName): BackendRequest {
  return backend === 'tensorflow-gpu' ? 'gpu' : backend;
}

/** Its ending is that of files being written, so that one that is left over is cleared away. */
export const copyOfData = `data.txt${temporaryEnding}`;

/** A pipe, as the shell's <(…) makes, can be read but once: the processes get a copy, kept until the run ends. */
async function readableData(
  text: TextFile,
  settings: Settings,
  runDirectory: RunDirectory,
): Promise<CellSpec['data']> {
  if (settings.data === null || (await stat(text.path)).isFile()) return settings.data;
  await runDirectory.write(copyOfData, text.bytes);
  return {
    path: runDirectory.file(copyOfData),
    sha256: createHash('sha256').update(text.bytes).digest('hex'),
  };
}
