import { darkPalette, font, lightPalette, type Palette } from '../chart-theme.ts';

function variables({ text, faint, page, raised, line, met, notMet, notTested }: Palette): string {
  const colours = { text, faint, page, raised, line, met, 'not-met': notMet, 'not-tested': notTested };
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ');
}

/** The style sheet of every report: light and dark, from a phone to a wide screen, and on paper. */
export const style = `
:root { ${variables(lightPalette)} }
@media (prefers-color-scheme: dark) { :root { ${variables(darkPalette)} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 ${font}; overflow-wrap: break-word; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
a { color: inherit; }
h1, .run > header h2 { font-size: 1.75rem; line-height: 1.25; margin: 0.1rem 0 0.4rem; text-wrap: balance; }
h2, .run h3 { font-size: 1.2rem; margin: 2.75rem 0 0.5rem; }
.run + .run { margin-top: 5rem; border-top: 1px solid var(--line); padding-top: 2rem; }
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
thead th { font-weight: 600; color: var(--faint); }
tbody th { font-weight: inherit; }
tr > :first-child { padding-left: 0; }
.number { text-align: right; }
.sortable button { all: unset; cursor: pointer; } .sortable button:focus-visible { outline: 2px solid; outline-offset: 2px; }
.sortable [aria-sort="ascending"] button::after { content: " ↑"; } .sortable [aria-sort="descending"] button::after { content: " ↓"; }
figure { margin: 0; }
.chart { width: 100%; min-height: 340px; margin-top: 0.75rem; overflow: hidden; }
details { margin: 0.75rem 0; }
summary { cursor: pointer; color: var(--faint); }
details .scroll, details pre { max-height: 26rem; overflow: auto; }
pre { background: var(--raised); padding: 0.75rem 1rem; border-radius: 6px; overflow-x: auto; font-size: 0.85rem; line-height: 1.45; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:not(pre) > code { background: var(--raised); padding: 0.1em 0.35em; border-radius: 4px; font-size: 0.9em; }
#progress { max-width: 60rem; margin: 0 auto; padding: 1rem 1.25rem 0; } #progress p { margin: 0.25rem 0; }
progress { width: 100%; accent-color: var(--met); }
.tooltip { position: fixed; top: 0; left: 0; pointer-events: none; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.45rem 0.7rem; font-size: 0.85rem; display: grid; grid-template-columns: auto auto; gap: 0.1rem 0.8rem; box-shadow: 0 2px 10px #0003; }
.tooltip[hidden] { display: none; }
.tooltip span { color: var(--faint); } .tooltip b { font-weight: 600; text-align: right; font-variant-numeric: tabular-nums; }
@media (max-width: 40rem) { main { padding: 1.5rem 1rem 3rem; } h1, .run > header h2 { font-size: 1.4rem; } }
@media print { details > summary { display: none; } .chart { break-inside: avoid; } }
`;
