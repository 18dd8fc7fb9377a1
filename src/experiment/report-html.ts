import type { Chart } from './chart.ts';
import { cellsTable } from './report/cells-table.ts';
import { chartSection, type DrawnChart, drawnChart } from './report/chart-section.ts';
import { details, escapeText, heading, tableMarkup, tableSection } from './report/markup.ts';
import { pageHtml } from './report/page.ts';
import type { StoredCell } from './report/stored-cells.ts';
import { timeTaken } from './report/time-taken.ts';
import type { Summary } from './summary.ts';
import { formatCell, type Table } from './table.ts';

export interface Report {
  readonly title: string;
  readonly question: string;
  readonly summary: Summary;
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  /** The resolved configuration and the environment, shown as they are in config.json and environment.json. */
  readonly config: unknown;
  readonly environment: unknown;
  /** The command that repeats the run. */
  readonly command: string;
  /** Every finished cell, for the table of cells. */
  readonly cells?: readonly StoredCell[];
}

/** One HTML page of one or several runs that needs nothing but itself: it opens from a file, without a network, in light and dark. */
export function reportHtml(reports: Report | readonly Report[]): string {
  const list: readonly Report[] = 'summary' in reports ? [reports] : reports;
  const [only] = list;
  if (only !== undefined && list.length === 1) {
    return pageHtml({ title: only.title, body: reportBody(only), charts: drawnCharts(only) });
  }
  const bodies = list.map((report, at) => {
    const prefix = runPrefix(at);
    return `<article class="run" id="${prefix}">${reportBody(report, 2, `${prefix}-`)}</article>`;
  });
  return pageHtml({
    title: `${list.length} runs: ${[...new Set(list.map(({ summary }) => summary.experiment))].join(', ')}`,
    body: [`<header><h1 id="runs">${list.length} runs</h1></header>`, overview(list), ...bodies].join('\n'),
    charts: list.flatMap((report, at) => drawnCharts(report, `${runPrefix(at)}-`)),
  });
}

/** The plots of a report, for its page; `prefix` keeps the ids of several reports on one page apart. */
export function drawnCharts(report: Pick<Report, 'charts'>, prefix = ''): DrawnChart[] {
  return report.charts.map((chart) => drawnChart(chart, `${prefix}${chart.name}`));
}

/** What stands on the page of one run: its title is a heading of the level given, its sections one below. */
export function reportBody(report: Report, level = 1, prefix = ''): string {
  const { summary } = report;
  const below = level + 1;
  return [
    `<header><p class="name">${escapeText(summary.experiment)}</p>${heading(level, report.title, `${prefix}title`)}`,
    `<p class="question">${escapeText(report.question)}</p></header>`,
    `<section class="verdict ${summary.verdict.replace(' ', '-')}"><p><strong>Claim.</strong> ${escapeText(summary.claim)}</p>`,
    `<p><strong>Verdict: ${summary.verdict}.</strong> ${escapeText(summary.reason)}</p></section>`,
    warningList(summary.warnings),
    ...report.tables.map((table, at) => tableSection(table, below, `${prefix}table-${at + 1}`)),
    ...report.charts.map((chart) => chartSection(chart, below, `${prefix}${chart.name}`)),
    cellSection(report.cells ?? [], below, `${prefix}cells`),
    `<section>${heading(below, 'How it was run', `${prefix}how`)}`,
    `<p>Preset <code>${escapeText(summary.preset)}</code> on the <code>${escapeText(summary.backend)}</code> backend, seeds ${escapeText(summary.seeds.join(', '))}; ` +
      `${escapeText(summary.started.slice(0, 10))}, ${timeTaken(summary, report.environment)}. Repeat it with</p>`,
    `<pre tabindex="0"><code>${escapeText(reproduce(report))}</code></pre>`,
    details('Configuration', report.config),
    details('Environment', report.environment),
    details('Metrics', summary.metrics),
    '</section>',
  ].join('\n');
}

/** What to type, with the commit that was checked out. */
export function reproduce({ summary, environment, command }: Omit<Report, 'cells'>): string {
  const dirty = (environment as { dirty?: unknown } | null)?.dirty === true;
  if (summary.commit === null) return command;
  return `git checkout ${summary.commit}${dirty ? '   # and changes that were not committed' : ''}\n${command}`;
}

function cellSection(cells: readonly StoredCell[], level: number, id: string): string {
  if (cells.length === 0) return '';
  const table = cellsTable(cells);
  const note = table.note === undefined ? '' : `<p class="note">${escapeText(table.note)}</p>`;
  const count = `${cells.length.toLocaleString('en-US')} ${cells.length === 1 ? 'cell' : 'cells'}`;
  return (
    `<section>${heading(level, table.title, id)}<details><summary>${count}: configuration, result, time and process of each</summary>` +
    `${tableMarkup(table, { labelledBy: id, sortable: true })}</details>${note}</section>`
  );
}

/** Which runs are on the page, each with a link to its part. */
function overview(reports: readonly Report[]): string {
  const columns = ['run', 'experiment', 'verdict', 'preset', 'backend', 'commit', 'begun'];
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join('');
  const rows = reports.map(({ summary }, at) => {
    const { directory, experiment, verdict, preset, backend, commit, started } = summary;
    const cells = [experiment, verdict, preset, backend, commit?.slice(0, 10) ?? null, started.slice(0, 16)];
    const shown = cells.map((cell) => `<td>${escapeText(formatCell(cell, { title: '' }))}</td>`);
    return `<tr><th scope="row"><a href="#${runPrefix(at)}">${escapeText(directory)}</a></th>${shown.join('')}</tr>`;
  });
  return `<div class="scroll" role="region" tabindex="0" aria-labelledby="runs"><table aria-labelledby="runs"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function runPrefix(at: number): string {
  return `run-${at + 1}`;
}

function warningList(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  return `<ul class="warnings">${warnings.map((warning) => `<li>Warning: ${escapeText(warning)}</li>`).join('')}</ul>`;
}
