import { describe, expect, it } from 'vitest';
import { curveChart } from '../../src/experiment/chart.ts';
import { type Report, reportHtml } from '../../src/experiment/report-html.ts';
import { chartSvg } from '../../src/experiment/svg.ts';

const hostile = '</script><script>document.title = "owned"</script><img src=x onerror="document.title=1">';

const chart = curveChart(
  { name: 'loss', title: 'Loss', description: 'It falls.' },
  { x: 'step', y: 'loss' },
  ['a', hostile].flatMap((contestant, shift) =>
    [1, 2, 3].map((x) => ({
      contestant,
      x,
      y: { mean: 1 / x + shift, low: 0.9 / x + shift, high: 1.1 / x + shift, n: 3 },
    })),
  ),
);

const report: Report = {
  title: 'A title',
  question: hostile,
  summary: {
    experiment: 'x',
    preset: 'smoke',
    backend: 'js',
    claim: hostile,
    verdict: 'met',
    reason: hostile,
    metrics: { loss: 1 },
    seeds: [0],
    warnings: [hostile],
    started: '2026-01-01T00:00:00Z',
    seconds: 1,
    commit: null,
    directory: 'runs/x',
  },
  tables: [{ title: hostile, columns: [{ title: hostile }], rows: [[hostile]], note: hostile }],
  charts: [chart],
  config: { text: hostile },
  environment: {},
  command: hostile,
};

describe('reportHtml', () => {
  it('lets no text become markup', () => {
    const html = reportHtml(report);
    expect(html.match(/<script\b/g)).toHaveLength(5);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x');
  });

  it('shows the numbers behind every plot', () => {
    const html = reportHtml(report);
    expect(html).toContain('The numbers behind it (6 rows)');
    expect(html).toMatch(/<td class="number">0\.333<\/td>/);
  });

  it('says that a run was resumed, as its seconds are those of its last part', () => {
    const took = (environment: object) =>
      /2026-01-01, (.*)\. Repeat/.exec(reportHtml({ ...report, environment }))?.[1];
    expect(took({})).toBe('1 s');
    expect(took({ resumed: [{}] })).toBe('1 s after it was resumed');
    expect(took({ resumed: [{}, {}] })).toBe('1 s after it was resumed for the last of 2 times');
  });

  it('needs no script without plots', () => {
    expect(reportHtml({ ...report, charts: [] })).not.toContain('<script');
  });
});

describe('chartSvg', () => {
  it('draws a line and a band for each contestant', async () => {
    const svg = await chartSvg(chart);
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(2);
    expect(svg.match(/aria-roledescription="area mark"/g)).toHaveLength(2);
    expect(svg).not.toContain('<img');
  });
});
