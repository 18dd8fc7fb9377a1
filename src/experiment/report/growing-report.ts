import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Chart, type CurvePoint, curveChart } from '../chart.ts';
import { drawnCharts, reportBody } from '../report-html.ts';
import { meanInterval } from '../statistics.ts';
import { cellsTable } from './cells-table.ts';
import { chartSection, type DrawnChart } from './chart-section.ts';
import { commandLine } from './command-line.ts';
import { details, escapeText, heading, tableMarkup } from './markup.ts';
import { describeGroup } from './paired-cells.ts';
import { readStoredCells, type StoredCell } from './stored-cells.ts';
import { readStoredOutcome, readStoredRun, readStoredSettings } from './stored-run.ts';

export interface GrowingReport {
  readonly body: string;
  readonly charts: readonly DrawnChart[];
}

export interface RunAbout {
  readonly title: string;
  readonly question: string;
  /** How the command line is called, for the command that repeats the run. */
  readonly invocation: string;
}

export interface RunStatus {
  /** Cells that are wanted as far as is known; undefined while nobody knows. */
  readonly planned?: number | undefined;
  /** The line of progress, such as `seed 1/3 came step 420/2000`. */
  readonly line?: string | undefined;
}

/** Above this many, curves cannot be told apart, and the first settings of a cell are what is drawn. */
const mostCurves = 24;

/** What a run directory says so far: the finished cells and their curves; once it has finished, its report. */
export function growingReport(
  directory: string,
  about: RunAbout,
  cells: readonly StoredCell[] = readStoredCells(directory),
): GrowingReport {
  if (hasFinished(directory)) return finishedReport(directory, about, cells);
  const settings = readStoredSettings(directory);
  const charts = growingCharts(cells);
  const table = cellsTable(cells);
  const body = [
    `<header><p class="name">${escapeText(settings.experiment)}</p>${heading(1, about.title, 'title')}`,
    `<p class="question">${escapeText(about.question)}</p></header>`,
    ...charts.map((chart) => chartSection(chart, 2, chart.name)),
    ...(cells.length === 0
      ? []
      : [
          `<section>${heading(2, 'Cells so far', 'cells')}${tableMarkup(table, { labelledBy: 'cells', sortable: true })}`,
          `<p class="note">${escapeText(table.note ?? '')}</p></section>`,
        ]),
    `<section>${heading(2, 'How it is run', 'how')}${details('Configuration', settings)}</section>`,
  ].join('\n');
  return { body, charts: drawnCharts({ charts }) };
}

export function hasFinished(directory: string): boolean {
  return existsSync(join(directory, 'summary.json'));
}

function finishedReport(directory: string, about: RunAbout, cells: readonly StoredCell[]): GrowingReport {
  const { settings, summary, environment } = readStoredRun(directory);
  const { tables, charts } = readStoredOutcome(directory);
  const { title, question, invocation } = about;
  const command = commandLine(invocation, environment.command);
  const report = { title, question, summary, tables, charts, config: settings, environment, command, cells };
  return { body: reportBody(report), charts: drawnCharts(report) };
}

/** How far it is, in one line and a bar. */
export function progressMarkup(done: number, { planned, line }: RunStatus): string {
  const of = planned === undefined ? '' : ` of ${planned.toLocaleString('en-US')}`;
  const bar =
    planned === undefined || planned === 0
      ? ''
      : `<progress aria-label="Finished cells" value="${Math.min(done, planned)}" max="${planned}"></progress>`;
  const now = line === undefined || line === '' ? '' : `<p class="note">${escapeText(line)}</p>`;
  return `<p><strong>Running.</strong> ${done.toLocaleString('en-US')}${of} cells finished.</p>${bar}${now}`;
}

/** The values of all seeds by x. */
type CurveValues = Map<number, number[]>;

/** Every number in the curves of the cells against their first one, the mean over seeds with its interval. */
export function growingCharts(cells: readonly StoredCell[]): Chart[] {
  const charts = new Map<string, Map<string, CurveValues>>();
  const groups = new Set(cells.map((cell) => describeGroup(cell).name));
  for (const cell of cells) {
    const { name } = describeGroup(cell);
    const group = groups.size <= mostCurves ? name : (name.split(', ')[0] as string);
    for (const { key, x, y, points } of curves(cell.result)) {
      const chart = entry(charts, JSON.stringify([key, x, y]), () => new Map<string, CurveValues>());
      const curve = entry(chart, group, (): CurveValues => new Map());
      for (const [at, value] of points) entry(curve, at, (): number[] => []).push(value);
    }
  }
  return [...charts].map(([id, curvesByGroup], at) => {
    const [, x, y] = JSON.parse(id) as [string, string, string];
    const points = [...curvesByGroup].flatMap(([contestant, curve]) =>
      [...curve].map(([step, values]): CurvePoint => ({ contestant, x: step, y: meanInterval(values) })),
    );
    const about = {
      name: `curve-${at + 1}`,
      title: `${y} against ${x}`,
      description: `Mean ${y} of the finished cells over their seeds; the bands are 95 % intervals.`,
    };
    return curveChart(about, { x, y }, points);
  });
}

interface Curve {
  readonly key: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly (readonly [number, number])[];
}

/** The lists of records of numbers in a result: `{curve: [{step, loss}, …]}` is one curve, of loss against step. */
function curves(result: unknown): Curve[] {
  if (typeof result !== 'object' || result === null) return [];
  return Object.entries(result).flatMap(([key, list]) => {
    if (!Array.isArray(list) || list.length < 2) return [];
    const records = list as readonly Readonly<Record<string, unknown>>[];
    if (!records.every((record) => typeof record === 'object' && record !== null)) return [];
    const [x, ...others] = Object.keys(records[0] ?? {}).filter(
      (name) => typeof records[0]?.[name] === 'number',
    );
    if (x === undefined) return [];
    return others.map((y): Curve => {
      const pairs = records.map((record) => [record[x], record[y]] as const);
      const points = pairs.filter((pair): pair is readonly [number, number] => pair.every(Number.isFinite));
      return { key, x, y, points };
    });
  });
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
