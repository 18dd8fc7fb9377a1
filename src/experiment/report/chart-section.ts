import type { Chart } from '../chart.ts';
import type { Cell } from '../table.ts';
import { escapeText, heading, tableMarkup } from './markup.ts';

/** A plot as the page holds it: its numbers by column, which takes a fraction of the room that records take. */
export interface DrawnChart {
  /** Of the element in which it is drawn. */
  readonly id: string;
  /** Vega-Lite, without the numbers. */
  readonly spec: object;
  /** Null where the specification has its data in another form, and has kept them. */
  readonly data: ChartData | null;
}

interface ChartData {
  readonly fields: readonly string[];
  readonly columns: readonly (readonly unknown[])[];
}

/** Longer tables behind plots are made by the browser, when they are opened, from the numbers that the plot has. */
const longTable = 200;

export function drawnChart(chart: Chart, id: string): DrawnChart {
  const data = chartData(chart);
  if (data === null) return { id, spec: chart.spec, data };
  const { values: _, ...rest } = chart.spec.data as { values: unknown };
  return { id, spec: { ...chart.spec, data: rest }, data };
}

export function chartSection(chart: Chart, level: number, id: string): string {
  const description = escapeText(chart.description);
  const title = `${id}-title`;
  return (
    `<section>${heading(level, chart.title, title)}<figure>` +
    `<div class="chart" id="${escapeText(id)}" role="img" aria-label="${escapeText(chart.title)}. ${description}"></div>` +
    `<figcaption>${description}</figcaption></figure>${behind(chart, id, title)}</section>`
  );
}

/** The numbers of a chart as a table, for those who cannot see it and those who want to check it. */
function behind(chart: Chart, id: string, title: string): string {
  const data = chartData(chart);
  const rows = data?.columns[0]?.length ?? 0;
  if (data === null || rows === 0) return '';
  const summary = `<summary>The numbers behind it (${rows.toLocaleString('en-US')} rows)</summary>`;
  if (rows > longTable) {
    const label = `aria-label="${escapeText(`The numbers behind ${chart.title}`)}"`;
    const place = `<div class="scroll" role="region" tabindex="0" ${label} data-behind="${escapeText(id)}"></div>`;
    return `<details>${summary}${place}</details>`;
  }
  const table = {
    title: '',
    columns: data.fields.map((field) => ({ title: field })),
    rows: Array.from({ length: rows }, (_, row) => data.columns.map((column) => plain(column[row]))),
  };
  return `<details>${summary}${tableMarkup(table, { labelledBy: title })}</details>`;
}

function chartData({ spec }: Chart): ChartData | null {
  const { data } = spec;
  if (data == null || !('values' in data) || !Array.isArray(data.values)) return null;
  const records = data.values as readonly unknown[];
  if (!records.every(isRecord)) return null;
  const fields = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return { fields, columns: fields.map((field) => records.map((record) => record[field] ?? null)) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(value: unknown): Cell {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value;
  return String(value);
}
