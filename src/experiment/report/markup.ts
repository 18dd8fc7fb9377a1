import { formatCell, numericColumns, type Table } from '../table.ts';

/** Text as it may stand between tags and in a quoted attribute. */
export function escapeText(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A heading of level 1 to 6, which others name by its id. */
export function heading(level: number, title: string, id: string): string {
  return `<h${level} id="${escapeText(id)}">${escapeText(title)}</h${level}>`;
}

interface TableMarkup {
  /** Id of the heading that names it. */
  readonly labelledBy: string;
  /** Its columns are sorted at a click on their titles. */
  readonly sortable?: boolean;
}

/** Only the table, in a box that scrolls by itself and can be reached with the keyboard. */
export function tableMarkup(table: Table, { labelledBy, sortable = false }: TableMarkup): string {
  const numeric = numericColumns(table);
  const side = (at: number) => (numeric[at] ? ' class="number"' : '');
  const head = table.columns.map((column, at) => {
    const title = escapeText(column.title);
    // An empty heading would be read aloud as one.
    if (title === '') return '<td></td>';
    const shown = sortable ? `<button type="button">${title}</button>` : title;
    return `<th scope="col"${side(at)}>${shown}</th>`;
  });
  const rows = table.rows.map((row) => {
    const cells = table.columns.map((column, at) => {
      const shown = escapeText(formatCell(row[at] ?? null, column));
      return at === 0 && !numeric[at] ? `<th scope="row">${shown}</th>` : `<td${side(at)}>${shown}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  const name = `aria-labelledby="${escapeText(labelledBy)}"`;
  return (
    `<div class="scroll" role="region" tabindex="0" ${name}><table ${name}${sortable ? ' class="sortable"' : ''}>` +
    `<thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
  );
}

/** A table under its title, with its note. */
export function tableSection(table: Table, level: number, id: string): string {
  const note = table.note === undefined ? '' : `<p class="note">${escapeText(table.note)}</p>`;
  return `<section>${heading(level, table.title, id)}${tableMarkup(table, { labelledBy: id })}${note}</section>`;
}

/** Closed until it is opened. */
export function details(title: string, value: unknown): string {
  const json = escapeText(JSON.stringify(value, null, 2) ?? '');
  return `<details><summary>${escapeText(title)}</summary><pre tabindex="0"><code>${json}</code></pre></details>`;
}
