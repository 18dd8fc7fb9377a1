import type { Interval } from './statistics.ts';

/** Null: not measured. */
export type Cell = string | number | Interval | null;

export interface Column {
  readonly title: string;
  /** Digits after the point; numbers without it are shown to three significant digits. */
  readonly digits?: number;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the reader needs to read it: units, what ± means. */
  readonly note?: string;
}

export function formatCell(cell: Cell, column: Column): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return formatNumber(cell, column.digits);
  const centre = formatNumber(cell.mean, column.digits);
  if (!Number.isFinite(cell.high)) return centre;
  return `${centre} ± ${formatNumber(cell.high - cell.mean, column.digits)}`;
}

/** For a terminal: columns aligned, numbers to the right, no more width than needed. */
export function textTable(table: Table): string {
  const note = table.note === undefined ? [] : [table.note];
  if (table.rows.length === 0) return [table.title, ...note].join('\n');
  const lines = [table.columns.map((column) => column.title), ...formatted(table)];
  const widths = table.columns.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? '').length)));
  const numeric = numericColumns(table);
  const body = lines.map((line) =>
    line
      .map((text, at) => (numeric[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [table.title, ...body, ...note].join('\n');
}

export function markdownTable(table: Table): string {
  const literal = (text: string) => text.replaceAll('|', '\\|');
  const line = (cells: readonly string[]) => `| ${cells.map(literal).join(' | ')} |`;
  const rule = `|${numericColumns(table)
    .map((numeric) => (numeric ? '---:' : '---'))
    .join('|')}|`;
  return [line(table.columns.map((column) => column.title)), rule, ...formatted(table).map(line)].join('\n');
}

/** True where every measured cell is a number: such columns are aligned to the right. */
export function numericColumns(table: Table): boolean[] {
  return table.columns.map((_, at) => table.rows.every((row) => typeof row[at] !== 'string'));
}

function formatted(table: Table): string[][] {
  return table.rows.map((row) => table.columns.map((column, at) => formatCell(row[at] ?? null, column)));
}

function formatNumber(value: number, digits: number | undefined): string {
  if (digits !== undefined) return value.toFixed(digits);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString('en-US');
  const short = Number(value.toPrecision(3));
  return Math.abs(short) < 1e-3 ? short.toExponential() : short.toString();
}
