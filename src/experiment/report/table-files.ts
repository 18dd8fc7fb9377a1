import { stringify } from 'csv-stringify/sync';
import type { Cell, Table } from '../table.ts';

/** A table as CSV; a column with intervals becomes four: the mean, its two bounds, and the number of values. */
export function tableCsv(table: Table): string {
  const spread = table.columns.map((_, at) => table.rows.some((row) => isInterval(row[at] ?? null)));
  const header = table.columns.flatMap(({ title }, at) =>
    spread[at] ? [title, `${title} low`, `${title} high`, `${title} n`] : [title],
  );
  const rows = table.rows.map((row) =>
    table.columns.flatMap((_, at) => csvCell(row[at] ?? null, spread[at] === true)),
  );
  return stringify([header, ...rows]);
}

/** A table for `--json`: records by column title, intervals as objects with null for a bound that is not known. */
export function tableJson(table: Table): object {
  const { title, note } = table;
  const rows = table.rows.map((row) =>
    Object.fromEntries(
      table.columns.map((column, at) => [column.title || `column ${at + 1}`, row[at] ?? null]),
    ),
  );
  return { title, ...(note !== undefined && { note }), rows };
}

/** A file name for each table, from its title: `1-each-at-its-best-learning-rate.csv`. */
export function tableFileName(table: Table, at: number): string {
  const words = table.title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-|-$/g, '');
  return `${at + 1}${words === '' ? '' : `-${words}`}.csv`;
}

function csvCell(cell: Cell, spread: boolean): (string | number)[] {
  const plain = (value: number) => (Number.isFinite(value) ? value : '');
  if (isInterval(cell)) return [plain(cell.mean), plain(cell.low), plain(cell.high), cell.n];
  return spread ? [cell ?? '', '', '', ''] : [cell ?? ''];
}

function isInterval(cell: Cell): cell is Exclude<Cell, string | number | null> {
  return typeof cell === 'object' && cell !== null;
}
