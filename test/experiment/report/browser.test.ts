import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadReport } from '../../../benchmarks/commands/load-report.ts';
import { darkPalette, lightPalette } from '../../../src/experiment/chart-theme.ts';
import { serveReport } from '../../../src/experiment/report/serve-report.ts';
import { reportHtml } from '../../../src/experiment/report-html.ts';
import { findChromium } from '../../support/chromium.ts';
import { lossChart, writeCell, writeRun } from './stored-fixture.ts';

const executablePath = findChromium();

describe.skipIf(executablePath === undefined)('a report in a browser', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'report-'));
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: ['--no-sandbox', '--disable-gpu'],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Opened {
    readonly page: Page;
    /** Errors of the console and of scripts. */
    readonly complaints: string[];
    /** Every address that was asked for. */
    readonly requests: string[];
  }

  async function open(
    url: string,
    { width = 1200, colorScheme = 'light' }: { width?: number; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => {
      if (message.type() !== 'log') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(url);
    return { page, complaints, requests };
  }

  async function fileOf(...names: string[]): Promise<string> {
    const reports = await Promise.all(
      names.map(async (name) => (await loadReport(writeRun(join(folder, name)), 'cli')).report),
    );
    const file = join(folder, `${names.join('-')}.html`);
    writeFileSync(file, reportHtml(reports));
    return pathToFileURL(file).href;
  }

  it('opens from a file, draws its plots, asks nobody and complains of nothing', async () => {
    const url = await fileOf('one');
    const { page, complaints, requests } = await open(url);
    await page.waitForSelector('body[data-drawn="1"]');
    expect(await page.locator('#loss svg.marks [aria-roledescription="line mark"]').count()).toBe(3);
    // Each contestant's interval.
    expect(await page.locator('#loss svg.marks [aria-roledescription="area mark"]').count()).toBe(3);
    expect(complaints).toEqual([]);
    expect(requests.filter((request) => request !== url && !request.startsWith('data:'))).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('runs no text as code', async () => {
    const hostile =
      '</script><script>document.title = "owned"</script><img src=x onerror="document.title=1">';
    const { report } = await loadReport(writeRun(join(folder, 'hostile')), 'cli');
    const chart = {
      ...lossChart(),
      title: hostile,
      description: hostile,
      spec: { data: { values: [{ x: hostile }] }, mark: 'point' as const, encoding: { y: { field: 'x' } } },
    };
    const tables = [{ title: hostile, columns: [{ title: hostile }], rows: [[hostile]], note: hostile }];
    const file = join(folder, 'hostile.html');
    writeFileSync(
      file,
      reportHtml({ ...report, question: hostile, command: hostile, tables, charts: [chart] }),
    );
    const { page, complaints } = await open(pathToFileURL(file).href);
    await page.waitForSelector('body[data-drawn="1"]');
    expect(await page.title()).toBe(report.title);
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('makes the long table behind a plot when it is opened, whole', async () => {
    const { page } = await open(await fileOf('one'));
    await page.waitForSelector('body[data-drawn="1"]');
    await page.getByText('The numbers behind it (300 rows)').click();
    const table = page.locator('[data-behind="loss"] table');
    await table.waitFor();
    expect(await table.locator('tbody tr').count()).toBe(300);
    expect(await table.locator('th[scope=col]').allTextContents()).toContain('low');
    await page.context().close();
  }, 60_000);

  it('sorts the cells by a column, up and down', async () => {
    const { page } = await open(await fileOf('one'));
    await page.getByText('6 cells').click();
    const seeds = () => page.locator('.sortable tbody td:nth-child(3)').allTextContents();
    await page.getByRole('button', { name: 'seed' }).click();
    expect(await seeds()).toEqual(['0', '0', '1', '1', '2', '2']);
    await page.getByRole('button', { name: 'seed' }).click();
    expect(await seeds()).toEqual(['2', '2', '1', '1', '0', '0']);
    expect(await page.locator('[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    await page.context().close();
  }, 60_000);

  it.each([
    ['one run', ['one']],
    ['two runs', ['one', 'two']],
  ])(
    'fits a phone without scrolling sideways, everything opened: %s',
    async (_, names) => {
      const { page, complaints } = await open(await fileOf(...names), { width: 360 });
      await page.waitForSelector(`body[data-drawn="${names.length}"]`);
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(360);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    60_000,
  );

  it.each([
    ['light', lightPalette],
    ['dark', darkPalette],
  ] as const)(
    'takes the colours of a %s screen, page and plots',
    async (colorScheme, palette) => {
      const { page } = await open(await fileOf('one'), { colorScheme });
      await page.waitForSelector('body[data-drawn="1"]');
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(background).toBe(rgb(palette.page));
      const lines = page.locator('#loss [aria-roledescription="line mark"]');
      expect(await lines.first().getAttribute('stroke')).toBe(palette.contestants[0]);
      await page.context().close();
    },
    60_000,
  );

  it('names everything for those who do not see it', async () => {
    const { page } = await open(await fileOf('one', 'two'));
    await page.waitForSelector('body[data-drawn="2"]');
    const faults = await page.evaluate(() => {
      const found: string[] = [];
      const all = (selector: string) => [...document.querySelectorAll(selector)];
      if (document.documentElement.lang === '' || document.title === '') found.push('language or title');
      if (all('h1').length !== 1) found.push('one h1');
      const levels = all('h1,h2,h3,h4').map((heading) => Number(heading.tagName[1]));
      if (levels.some((level, at) => at > 0 && level > (levels[at - 1] as number) + 1))
        found.push('a level is left out');
      const ids = all('[id]').map((element) => element.id);
      if (new Set(ids).size !== ids.length) found.push('an id twice');
      for (const element of all('[aria-labelledby]')) {
        const label = document.getElementById(element.getAttribute('aria-labelledby') as string);
        if (!label?.textContent) found.push(`label of ${element.outerHTML.slice(0, 80)}`);
      }
      for (const table of all('table')) {
        const heads = [...table.querySelectorAll('thead th')];
        if (
          heads.length === 0 ||
          heads.some((head) => head.getAttribute('scope') !== 'col' || !head.textContent)
        )
          found.push(`headers of ${table.outerHTML.slice(0, 80)}`);
        if (!table.hasAttribute('aria-labelledby') && !table.hasAttribute('aria-label'))
          found.push('a table without a name');
      }
      for (const chart of all('.chart')) {
        if (chart.getAttribute('role') !== 'img' || !chart.getAttribute('aria-label'))
          found.push('a plot without a text');
        if (!chart.closest('section')?.querySelector('details')) found.push('a plot without its table');
      }
      return found;
    });
    expect(faults).toEqual([]);
    await page.context().close();
  }, 60_000);

  it('grows with the run, and says when it has ended', async () => {
    const directory = writeRun(join(folder, 'growing'), { seeds: [0] });
    rmSync(join(directory, 'summary.json'));
    const about = { title: 'A run', question: 'Does it?', invocation: 'cli' };
    const status = () => ({ planned: 4, line: 'came step 5/10' });
    const live = await serveReport(directory, { ...about, status, interval: 100 });
    const { page, complaints, requests } = await open(live.url);
    await page.getByText('2 of 4 cells finished').waitFor();
    await page.getByText('came step 5/10').waitFor();
    await page.locator('#curve-1 svg.marks').waitFor();
    const curve = [1, 2].map((step) => ({ step, loss: 1 }));
    writeCell(directory, { id: 'late', contestant: 'late' }, { curve });
    await page.getByText('3 of 4 cells finished').waitFor();
    expect(await page.locator('.sortable tbody th', { hasText: 'late' }).count()).toBe(1);
    writeRun(directory, { seeds: [0] });
    await page.getByText('Verdict: met.').waitFor();
    await live.close();
    await page.getByText('The run has ended').waitFor();
    expect(complaints).toEqual([]);
    expect(requests.every((request) => request.startsWith(live.url) || request.startsWith('data:'))).toBe(
      true,
    );
    await page.context().close();
  }, 60_000);
});

function rgb(hex: string): string {
  const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return `rgb(${parts.join(', ')})`;
}
