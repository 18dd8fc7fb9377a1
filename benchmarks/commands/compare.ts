import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import { isBound } from '../../src/experiment/report/band.ts';
import {
  type Difference,
  environmentDifferences,
  settingDifferences,
} from '../../src/experiment/report/differences.ts';
import { metricKind } from '../../src/experiment/report/metric-kind.ts';
import { type PairedCells, pairCells } from '../../src/experiment/report/paired-cells.ts';
import { committedReport } from '../../src/experiment/report/save-report.ts';
import { readStoredRun, type StoredRun } from '../../src/experiment/report/stored-run.ts';
import { tableJson } from '../../src/experiment/report/table-files.ts';
import type { Interval } from '../../src/experiment/statistics.ts';
import { type Cell, markdownTable, type Table, textTable } from '../../src/experiment/table.ts';
import { packageRoot } from '../../src/native/setup/paths.ts';
import { namesExperiment } from './named-run.ts';
import { halfWidth, shownMetric } from './shown-metric.ts';
import { shownNumber } from './shown-number.ts';

export interface CompareOptions {
  readonly json?: true;
  readonly markdown?: true;
  /** Default: benchmarks/reports of this checkout. */
  readonly reports?: string;
}

/** Says where two runs of one experiment differ: metrics, cells, settings, environment. Either may be an experiment: its committed report. */
export async function compareCommand(a: string, b: string, options: CompareOptions): Promise<number> {
  const reports = options.reports ?? join(packageRoot(), 'benchmarks', 'reports');
  const [one, two] = [await find(a, reports), await find(b, reports)];
  if (one.settings.experiment !== two.settings.experiment) {
    throw new UserError(
      `${a} is a run of ${one.settings.experiment} and ${b} of ${two.settings.experiment}: they have nothing to compare.`,
    );
  }
  const cells = pairCells(one.cells, two.cells);
  const tables = [
    metricTable(one, two),
    ...(cells.shared > 0 ? [cellTable(cells)] : []),
    differenceTable('Settings', settingDifferences(one, two)),
    differenceTable('Environment', environmentDifferences(one, two)),
  ];
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ a, b, tables: tables.map(tableJson) }, null, 2)}\n`);
    return 0;
  }
  const shown = options.markdown
    ? tables.map(
        (table) => `## ${table.title}\n\n${markdownTable(table)}${table.note ? `\n\n${table.note}` : ''}`,
      )
    : tables.map(textTable);
  const heads = [
    `A: ${a}, claim ${one.summary.verdict}. ${one.summary.reason}`,
    `B: ${b}, claim ${two.summary.verdict}. ${two.summary.reason}`,
  ];
  process.stdout.write(`${[...heads, ...shown].join('\n\n')}\n`);
  return 0;
}

async function find(name: string, reports: string): Promise<StoredRun> {
  return readStoredRun((await namesExperiment(name)) ? committedReport(name, reports) : name);
}

function metricTable(a: StoredRun, b: StoredRun): Table {
  const [one, two] = [a.summary.metrics, b.summary.metrics];
  const names = [...new Set([...Object.keys(one), ...Object.keys(two)])].filter(
    (name) => !isBound(name, one) && !isBound(name, two),
  );
  return {
    title: 'Metrics',
    columns: ['metric', 'A', 'B', 'B − A', 'B / A'].map((title) => ({ title })),
    rows: names.map((name) => {
      const [before, after] = [one[name], two[name]];
      const both = before !== undefined && after !== undefined;
      const ratio = both && before !== 0 && ['time', 'rate'].includes(metricKind(name));
      return [
        name,
        shownMetric(name, one),
        shownMetric(name, two),
        both ? independentDifference(name, one, two) : '–',
        ratio ? `${(after / before).toFixed(3)}` : '–',
      ];
    }),
    note: 'B − A has an interval where both metrics have one, as if the runs were independent; times and rates have their ratio.',
  };
}

/** The interval of the difference of two independent means that have intervals: half-widths add in squares (Zou & Donner 2008). */
function independentDifference(
  name: string,
  one: Readonly<Record<string, number>>,
  two: Readonly<Record<string, number>>,
): string {
  const difference = (two[name] as number) - (one[name] as number);
  const halves = [one, two].map((metrics) => halfWidth(name, metrics));
  if (difference === 0) return '0';
  if (halves.some(Number.isNaN)) return signed(difference);
  return `${signed(difference)} ± ${shownNumber(Math.hypot(...halves))}`;
}

function cellTable({ metrics, shared, identical, onlyA, onlyB }: PairedCells): Table {
  return {
    title: `Cells: ${shared} in both, ${identical} of them with the same result bit for bit, timings aside; ${onlyA} only in A, ${onlyB} only in B`,
    columns: ['cells', 'number', 'A', 'B', 'B − A', 'B / A', 'pairs', 'p'].map((title) => ({ title })),
    rows: metrics.map(({ group, metric, a, b, difference, adjusted }): Cell[] => [
      group,
      metric,
      shownNumber(a.mean),
      shownNumber(b.mean),
      interval(difference),
      a.mean !== 0 && ['time', 'rate'].includes(metricKind(metric)) ? (b.mean / a.mean).toFixed(3) : '–',
      String(difference.n),
      shownProbability(adjusted),
    ]),
    note: 'Paired by seed, with 95 % t intervals; p is that of the paired t test, adjusted by Holm for all lines. Equal numbers are left out.',
  };
}

function shownProbability(p: number): string {
  if (Number.isNaN(p)) return '–';
  return p < 1e-4 ? '< 0.0001' : p.toPrecision(2);
}

function interval({ mean, high }: Interval): string {
  return Number.isFinite(high) ? `${signed(mean)} ± ${shownNumber(high - mean)}` : signed(mean);
}

function signed(value: number): string {
  return value > 0 ? `+${shownNumber(value)}` : shownNumber(value);
}

function differenceTable(title: string, differences: readonly Difference[]): Table {
  const shown = (value: Difference['a']) => (value === undefined ? '–' : String(value));
  return {
    title: differences.length === 0 ? `${title}: the same` : `${title}: ${differences.length} differ`,
    columns: differences.length === 0 ? [] : ['', 'A', 'B'].map((column) => ({ title: column })),
    rows: differences.map(({ key, a, b }) => [key, shown(a), shown(b)]),
  };
}
