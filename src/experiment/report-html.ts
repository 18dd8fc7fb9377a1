import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Chart } from './chart.ts';
import { darkTheme, lightTheme } from './chart-theme.ts';
import type { Summary } from './summary.ts';
import { formatCell, numericColumns, type Table } from './table.ts';

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
}

/** One HTML page that needs nothing but itself: it opens from a file, without a network, in light and dark. */
export function reportHtml(report: Report): string {
  const { summary } = report;
  const body = [
    `<header><p class="name">${text(summary.experiment)}</p><h1>${text(report.title)}</h1>`,
    `<p class="question">${text(report.question)}</p></header>`,
    `<section class="verdict ${summary.verdict.replace(' ', '-')}"><p><strong>Claim.</strong> ${text(summary.claim)}</p>`,
    `<p><strong>Verdict: ${summary.verdict}.</strong> ${text(summary.reason)}</p></section>`,
    warningList(summary.warnings),
    ...report.tables.map(tableHtml),
    ...report.charts.map(chartHtml),
    '<section><h2>How it was run</h2>',
    `<p>Preset <code>${text(summary.preset)}</code> on the <code>${text(summary.backend)}</code> backend, seeds ${text(summary.seeds.join(', '))}. Repeat it with</p>`,
    `<pre><code>${text(report.command)}</code></pre>`,
    details('Configuration', report.config),
    details('Environment', report.environment),
    details('Metrics', summary.metrics),
    '</section>',
  ].join('\n');
  const charts = report.charts.map(({ name, spec }) => ({ name, spec }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:">
<link rel="icon" href="data:,">
<title>${text(report.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
${charts.length === 0 ? '' : scripts(charts)}
</body>
</html>
`;
}

/** Drawn by the libraries' own browser builds; their version 6 builds hold no closing script tag. */
function scripts(charts: readonly unknown[]): string {
  const data = JSON.stringify({ charts, light: lightTheme, dark: darkTheme }).replaceAll('<', '\\u003c');
  return [
    `<script>${browserBuild('vega')}</script>`,
    `<script>${browserBuild('vega-lite')}</script>`,
    `<script type="application/json" id="charts">${data}</script>`,
    `<script>${drawing}</script>`,
  ].join('\n');
}

function browserBuild(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name);
  const code = readFileSync(join(dirname(entry), `${name}.min.js`), 'utf8');
  return code.replace(/^\/\/# sourceMappingURL=.*$/gm, '').replaceAll('</script', '<\\/script');
}

const drawing = `
const { charts, light, dark } = JSON.parse(document.getElementById('charts').textContent);
const query = matchMedia('(prefers-color-scheme: dark)');
const views = new Map();
async function draw() {
  for (const { name, spec } of charts) {
    const place = document.getElementById(name);
    const sized = { ...spec, width: 'container', height: 340, autosize: { type: 'fit-x', contains: 'padding' } };
    const compiled = vegaLite.compile(sized, { config: query.matches ? dark : light }).spec;
    const view = new vega.View(vega.parse(compiled), { renderer: 'svg', container: place, hover: true });
    view.tooltip(tooltip);
    views.get(name)?.finalize();
    views.set(name, view);
    await view.runAsync();
  }
  document.body.dataset.drawn = String(views.size);
}
const box = document.body.appendChild(Object.assign(document.createElement('div'), { className: 'tooltip', hidden: true }));
function tooltip(_, event, item, value) {
  box.hidden = value == null || value === '';
  if (box.hidden) return;
  box.replaceChildren(...Object.entries(value).flatMap(([key, shown]) => [
    Object.assign(document.createElement('span'), { textContent: key }),
    Object.assign(document.createElement('b'), { textContent: shown }),
  ]));
  const left = Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 8);
  box.style.transform = 'translate(' + Math.max(8, left) + 'px,' + (event.clientY + 14) + 'px)';
}
query.addEventListener('change', draw);
draw();
`;

const style = `
:root { --text: #1f2328; --faint: #59636e; --page: #fff; --raised: #f5f7f9; --line: #d8dee4; --met: #1a7f37; --not-met: #b3261e; --not-tested: #7a5c00; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --faint: #a3adb8; --page: #14171c; --raised: #1c2127; --line: #343b44; --met: #57c878; --not-met: #ff8a80; --not-tested: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0.1rem 0 0.4rem; text-wrap: balance; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 0.5rem; }
.name { font: 0.85rem ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--faint); margin: 0; }
.question, .note, figcaption { color: var(--faint); margin: 0.25rem 0; }
.note, figcaption { font-size: 0.9rem; }
.verdict { border-left: 4px solid var(--colour); background: var(--raised); padding: 0.75rem 1.1rem; margin: 1.5rem 0; border-radius: 0 6px 6px 0; }
.verdict p { margin: 0.3rem 0; }
.verdict p + p strong { color: var(--colour); }
.met { --colour: var(--met); } .not-met { --colour: var(--not-met); } .not-tested { --colour: var(--not-tested); }
.warnings { color: var(--not-tested); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.95rem; min-width: min(100%, 30rem); }
th, td { padding: 0.4rem 0.65rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--faint); }
th:first-child, td:first-child { padding-left: 0; }
.number { text-align: right; }
figure { margin: 0; }
.chart { width: 100%; min-height: 340px; margin-top: 0.75rem; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--faint); }
details .scroll { max-height: 22rem; overflow: auto; }
pre { background: var(--raised); padding: 0.75rem 1rem; border-radius: 6px; overflow-x: auto; font-size: 0.85rem; line-height: 1.45; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:not(pre) > code { background: var(--raised); padding: 0.1em 0.35em; border-radius: 4px; font-size: 0.9em; }
.tooltip { position: fixed; top: 0; left: 0; pointer-events: none; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.45rem 0.7rem; font-size: 0.85rem; display: grid; grid-template-columns: auto auto; gap: 0.1rem 0.8rem; box-shadow: 0 2px 10px #0003; }
.tooltip[hidden] { display: none; }
.tooltip span { color: var(--faint); } .tooltip b { font-weight: 600; text-align: right; font-variant-numeric: tabular-nums; }
`;

function tableHtml(table: Table): string {
  const numeric = numericColumns(table);
  const side = (at: number) => (numeric[at] ? ' class="number"' : '');
  const head = table.columns
    .map((column, at) => `<th scope="col"${side(at)}>${text(column.title)}</th>`)
    .join('');
  const rows = table.rows.map((row) => {
    const cells = table.columns.map(
      (column, at) => `<td${side(at)}>${text(formatCell(row[at] ?? null, column))}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  const note = table.note === undefined ? '' : `<p class="note">${text(table.note)}</p>`;
  return `<section><h2>${text(table.title)}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${note}</section>`;
}

function chartHtml(chart: Chart): string {
  return `<section><h2>${text(chart.title)}</h2><figure><div class="chart" id="${text(chart.name)}" role="img" aria-label="${text(chart.description)}"></div><figcaption>${text(chart.description)}</figcaption></figure>${behind(chart)}</section>`;
}

/** The numbers of a chart as a table, for those who cannot see it and those who want to check it. */
function behind(chart: Chart): string {
  const data = chart.spec.data;
  const values = data != null && 'values' in data && Array.isArray(data.values) ? data.values : [];
  const records = values as Readonly<Record<string, string | number>>[];
  const keys = Object.keys(records[0] ?? {});
  if (keys.length === 0) return '';
  const table = {
    title: '',
    columns: keys.map((title) => ({ title })),
    rows: records.map((record) => keys.map((key) => plain(record[key]))),
  };
  return `<details><summary>The numbers behind it (${records.length} rows)</summary>${tableHtml(table).replace('<h2></h2>', '')}</details>`;
}

function plain(value: string | number | undefined): string | number | null {
  return value ?? null;
}

function warningList(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  return `<ul class="warnings">${warnings.map((warning) => `<li>Warning: ${text(warning)}</li>`).join('')}</ul>`;
}

function details(title: string, value: unknown): string {
  return `<details><summary>${text(title)}</summary><pre><code>${text(JSON.stringify(value, null, 2))}</code></pre></details>`;
}

function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
