import { darkTheme, lightTheme } from '../chart-theme.ts';
import { browserBuild } from './browser-build.ts';
import { browserScript } from './browser-script.ts';
import type { DrawnChart } from './chart-section.ts';
import { escapeText } from './markup.ts';
import { style } from './style.ts';

export interface Page {
  readonly title: string;
  /** What stands in `main`, as HTML. */
  readonly body: string;
  readonly charts: readonly DrawnChart[];
  /** A page that grows asks its own server for news; a file asks nobody. */
  readonly live?: string;
}

/** One HTML document that needs nothing but itself. */
export function pageHtml({ title, body, charts, live }: Page): string {
  const connect = live === undefined ? '' : "; connect-src 'self'";
  const scripted = charts.length > 0 || live !== undefined || body.includes('class="sortable"');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:${connect}">
<link rel="icon" href="data:,">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
${scripted ? scripts(charts, live) : ''}
</body>
</html>
`;
}

function scripts(charts: readonly DrawnChart[], live: string | undefined): string {
  const drawn = charts.length > 0 || live !== undefined;
  return [
    ...(drawn
      ? [`<script>${browserBuild('vega')}</script>`, `<script>${browserBuild('vega-lite')}</script>`]
      : []),
    `<script type="application/json" id="themes">${inert({ light: lightTheme, dark: darkTheme })}</script>`,
    `<script type="application/json" id="charts">${inert(charts)}</script>`,
    `<script>${browserScript}${live ?? ''}</script>`,
  ].join('\n');
}

/** JSON that no script tag can end early. */
function inert(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
