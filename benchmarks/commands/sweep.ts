import { InvalidArgumentError } from 'commander';
import { isBound } from '../../src/experiment/report/band.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import type { Table } from '../../src/experiment/table.ts';
import { shownMetric } from './shown-metric.ts';

/** One setting and the values that it is to have, each in a run of its own. */
export interface Sweep {
  readonly key: string;
  readonly values: readonly string[];
}

/** Of `key=v1,v2`. */
export function parseSweep(text: string): Sweep {
  const [, key, list] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const values = (list ?? '').split(',').map((value) => value.trim());
  if (key === undefined || values.includes('')) {
    throw new InvalidArgumentError('Give a setting and its values, such as steps=100,200.');
  }
  if (new Set(values.map(folderOf)).size < values.length) {
    throw new InvalidArgumentError('Give each value once.');
  }
  return { key: key.trim(), values };
}

/** The folder of the run with this value, below that of the sweep. */
export function sweepFolder(key: string, value: string): string {
  return folderOf(`${key}=${value}`);
}

function folderOf(text: string): string {
  return text.replace(/[^\w.+=-]/g, '-');
}

/** The metrics that differ between the runs of a sweep, a column for each run. */
export function sweepTable({ key, values }: Sweep, summaries: readonly Summary[]): Table {
  const names = [...new Set(summaries.flatMap(({ metrics }) => Object.keys(metrics)))].filter((name) =>
    summaries.every(({ metrics }) => !isBound(name, metrics)),
  );
  const row = (name: string) => summaries.map(({ metrics }) => shownMetric(name, metrics));
  const differing = names.filter((name) => new Set(row(name)).size > 1);
  return {
    title: `By ${key}`,
    columns: [{ title: 'metric' }, ...values.map((value) => ({ title: value }))],
    rows: [
      ['verdict', ...summaries.map(({ verdict }) => verdict)],
      ...differing.map((name) => [name, ...row(name)]),
    ],
    ...(differing.length < names.length && {
      note: 'Metrics that are the same for every value are left out.',
    }),
  };
}
