/**
 * Runs in the reader's browser, after Vega and Vega-Lite: draws the plots, again when the colour scheme changes; fills the large
 * tables behind them when they are opened; sorts tables. `show` replaces the body and the plots of a report that grows.
 */
export const browserScript = `
const { light, dark } = JSON.parse(document.getElementById('themes').textContent);
let charts = JSON.parse(document.getElementById('charts').textContent);
const scheme = matchMedia('(prefers-color-scheme: dark)');
let views = [];
let drawing = Promise.resolve();

function records({ fields, columns }) {
  const rows = columns[0] ? columns[0].length : 0;
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(fields.map((field, at) => [field, columns[at][row]])));
}

async function drawAll() {
  for (const view of views) view.finalize();
  views = [];
  for (const { id, spec, data } of charts) {
    const place = document.getElementById(id);
    if (place === null) continue;
    const filled = data === null ? spec : { ...spec, data: { ...spec.data, values: records(data) } };
    const sized = { ...filled, width: 'container', height: 340, autosize: { type: 'fit-x', contains: 'padding' } };
    const compiled = vegaLite.compile(sized, { config: scheme.matches ? dark : light }).spec;
    // Inside the box, whose role and text Vega would replace; a reader aloud need not read every tick.
    const container = document.createElement('div');
    container.setAttribute('aria-hidden', 'true');
    place.replaceChildren(container);
    const view = new vega.View(vega.parse(compiled), { renderer: 'svg', container, hover: true });
    view.tooltip(tooltip);
    views.push(view);
    await view.runAsync();
  }
  document.body.dataset.drawn = String(views.length);
}
function draw() {
  drawing = drawing.then(drawAll);
  return drawing;
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

document.addEventListener('toggle', (event) => {
  const place = event.target.querySelector?.('[data-behind]:empty');
  const chart = place && charts.find(({ id }) => id === place.dataset.behind);
  if (!chart) return;
  const { fields, columns } = chart.data;
  const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text ?? '–' });
  const row = (cells) => {
    const line = document.createElement('tr');
    line.append(...cells);
    return line;
  };
  const table = document.createElement('table');
  table.createTHead().append(row(fields.map((field) => Object.assign(make('th', field), { scope: 'col' }))));
  table.createTBody().append(...records(chart.data).map((record) => row(fields.map((field) => make('td', record[field])))));
  table.setAttribute('aria-label', place.getAttribute('aria-label'));
  place.append(table);
}, true);

document.addEventListener('click', (event) => {
  const title = event.target.closest?.('.sortable th[scope=col]');
  if (!title || !event.target.closest('button')) return;
  const descending = title.getAttribute('aria-sort') === 'ascending';
  for (const other of title.parentElement.children) other.removeAttribute('aria-sort');
  title.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
  const at = title.cellIndex;
  const body = title.closest('table').tBodies[0];
  const key = (row) => row.cells[at].textContent.replaceAll(',', '');
  const order = (a, b) => {
    const [one, other] = [key(a), key(b)];
    const difference = parseFloat(one) - parseFloat(other);
    return Number.isNaN(difference) || Number.isNaN(Number(one)) ? one.localeCompare(other, 'en', { numeric: true }) : difference;
  };
  body.append(...[...body.rows].sort((a, b) => (descending ? order(b, a) : order(a, b))));
});

function show(html, now) {
  const main = document.querySelector('main');
  const open = [...main.querySelectorAll('details[open] > summary')].map((summary) => summary.textContent.replace(/[0-9,]+/g, ''));
  main.innerHTML = html;
  for (const summary of main.querySelectorAll('details > summary')) {
    if (open.includes(summary.textContent.replace(/[0-9,]+/g, ''))) summary.parentElement.open = true;
  }
  charts = now;
  return draw();
}

scheme.addEventListener('change', draw);
draw();
`;
