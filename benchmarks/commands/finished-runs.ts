import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readStoredSettings, readStoredSummary } from '../../src/experiment/report/stored-run.ts';
import type { Summary } from '../../src/experiment/summary.ts';

export interface FinishedRun {
  readonly directory: string;
  readonly summary: Summary;
}

/**
 * The finished runs in `root`, also those one folder deeper, where several runs at once go; the latest is the last. What is no
 * finished run is left out: the folder may hold whatever the user keeps there.
 */
export function finishedRuns(root: string): FinishedRun[] {
  const folders = foldersOf(root);
  const deeper = folders.filter((path) => !existsSync(join(path, 'config.json'))).flatMap(foldersOf);
  return [...folders, ...deeper]
    .flatMap((directory) => {
      const summary = summaryOf(directory);
      return summary === undefined ? [] : [{ directory, summary }];
    })
    .sort((a, b) => a.summary.started.localeCompare(b.summary.started));
}

function summaryOf(directory: string): Summary | undefined {
  if (!existsSync(join(directory, 'summary.json'))) return undefined;
  try {
    readStoredSettings(directory);
    return readStoredSummary(directory);
  } catch {
    return undefined;
  }
}

function foldersOf(root: string): string[] {
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
  } catch {
    return [];
  }
}
