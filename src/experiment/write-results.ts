import { stringify } from 'csv-stringify/sync';
import type { Outcome } from './experiment.ts';
import { readStoredCells } from './report/stored-cells.ts';
import { type Report, reportHtml } from './report-html.ts';
import type { RunDirectory } from './run-directory.ts';
import type { Summary } from './summary.ts';
import { chartSvg } from './svg.ts';

/** Writes what a finished run leaves: metrics.csv, one SVG per chart, report.html, outcome.json and, last, summary.json. */
export async function writeResults(
  directory: RunDirectory,
  outcome: Outcome,
  summary: Summary,
  about: Pick<Report, 'title' | 'question' | 'config' | 'environment' | 'command'>,
): Promise<void> {
  await directory.write('metrics.csv', stringify([...outcome.rows], { header: true }));
  for (const chart of outcome.charts) await directory.write(`${chart.name}.svg`, await chartSvg(chart));
  const { rows: _, warnings = [], ...found } = outcome;
  const { tables, charts } = outcome;
  const { title, question } = about;
  const cells = readStoredCells(directory.path);
  await directory.write('report.html', reportHtml({ ...about, summary, tables, charts, cells }));
  await directory.writeJson('outcome.json', { title, question, ...found, warnings });
  await directory.writeJson('summary.json', summary);
}
