import { formatCell, type Table, type Cell as TableCell } from '../table.ts';
import { flatten, type Scalar } from './flatten.ts';
import type { StoredCell } from './stored-cells.ts';

/** Wider results are cut: they stand whole in cells/. */
const mostResults = 12;

/**
 * One row for each finished cell: its configuration, the single numbers of its result, how long it took and where. What is the
 * same for all of them is said once, in the note.
 */
export function cellsTable(cells: readonly StoredCell[]): Table {
  const rows = cells.map(describeCell);
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const results = names.filter((name) => name.startsWith('result.'));
  const cut = new Set(results.slice(mostResults));
  const kept = names.filter((name) => !cut.has(name));
  const constant = kept.filter((name) => name !== 'id' && rows.length > 1 && isConstant(rows, name));
  const columns = kept.filter((name) => !constant.includes(name));
  const same = constant.map(
    (name) => `${shown(name)} ${formatCell(tableCell(rows[0]?.get(name) ?? null), { title: '' })}`,
  );
  const notes = [
    ...(same.length > 0 ? [`The same for all: ${same.join('; ')}.`] : []),
    ...(cut.size > 0 ? [`${cut.size} more values of each result stand in cells/.`] : []),
  ];
  return {
    title: 'Cells',
    columns: columns.map((name) => ({ title: shown(name) })),
    rows: rows.map((row) => columns.map((name) => tableCell(row.get(name) ?? null))),
    ...(notes.length > 0 && { note: notes.join(' ') }),
  };
}

function describeCell({ cell, result, seconds, process }: StoredCell): Map<string, Scalar> {
  const { id, ...settings } = cell;
  const row = new Map<string, Scalar>([['id', id], ...flatten(settings)]);
  const found = result === null || typeof result !== 'object' ? { value: result } : result;
  for (const [key, value] of flatten(found)) row.set(`result.${key}`, value);
  if (seconds !== undefined) row.set('seconds', seconds);
  if (process !== undefined) {
    for (const [key, value] of flatten(process)) row.set(`process.${key}`, value);
  }
  return row;
}

function isConstant(rows: readonly ReadonlyMap<string, Scalar>[], name: string): boolean {
  const first = rows[0]?.get(name);
  return rows.every((row) => row.get(name) === first);
}

function shown(name: string): string {
  return name.replace(/^(result|process)\./, '');
}

function tableCell(value: Scalar): TableCell {
  return typeof value === 'boolean' ? String(value) : value;
}
