import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReportOptions, reportCommand } from '../../benchmarks/commands/report.ts';
import { writeCell, writeRun } from '../experiment/report/stored-fixture.ts';
import { captureStdout } from './stdout.ts';
import { assertWellFormed } from './well-formed.ts';

describe('report', () => {
  let folder: string;
  let run: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'report-command-'));
    run = writeRun(join(folder, 'run'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const report = (directories: readonly string[], options: ReportOptions = {}) =>
    captureStdout(() => reportCommand(directories, options, 'cli'));

  it('writes report.html into the run directory: verdict, tables, every cell, how to repeat it', async () => {
    const { result, text } = await report([run]);
    expect(result).toBe(0);
    expect(text).toBe(`${join(run, 'report.html')}\n`);
    const html = readFileSync(join(run, 'report.html'), 'utf8');
    expect(html).toContain('Does CAME reach the loss of AdamW');
    expect(html).toContain('<strong>Claim.</strong> CAME is as good.');
    expect(html).toContain('<strong>Verdict: met.</strong> Near enough.');
    expect(html).toContain('Losses &amp; &lt;times&gt;');
    expect(html).toContain('<td class="number">1.10 ± 0.10</td>');
    // An interval that is not known has come back from JSON as null.
    expect(html).toContain('<td class="number">0.60</td>');
    expect(html).toContain('came-seed2');
    expect(html).toContain('The same for all: parameters 10; seconds 1.5; host box-17.example.org');
    expect(html).toContain('git checkout c0ffee');
    expect(html).toContain("'x=it'\\''s'");
  });

  it('needs the directory alone, also of an experiment that is not here', async () => {
    const theirs = writeRun(join(folder, 'theirs'));
    const change = (file: string, values: object) => {
      const path = join(theirs, file);
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...values }));
    };
    change('config.json', { experiment: 'theirs' });
    await expect(report([theirs])).rejects.toThrow('There is no experiment theirs');
    change('outcome.json', { title: 'Their title', question: 'Is it theirs?' });
    await report([theirs]);
    const html = readFileSync(join(theirs, 'report.html'), 'utf8');
    expect(html).toContain('<title>Their title</title>');
    expect(html).toContain('Is it theirs?');
  });

  it('takes the latest finished run of an experiment', async () => {
    const runs = join(folder, 'runs');
    const none = report(['came-convergence'], { runs });
    await expect(none).rejects.toMatchObject({
      exitCode: 3,
      message: `There is no finished run of came-convergence in ${runs}. Make one with: run came-convergence`,
    });
    writeRun(join(runs, 'b-old'), { summary: { started: '2026-01-01T00:00:00Z' } });
    const latest = writeRun(join(runs, 'a-new'), { summary: { started: '2026-02-01T00:00:00Z' } });
    expect((await report(['came-convergence'], { runs })).text).toBe(`${join(latest, 'report.html')}\n`);
    await expect(report(['came-convergance'], { runs })).rejects.toThrow('Did you mean came-convergence?');
  });

  it('puts several runs on one page, which has to be named', async () => {
    const other = writeRun(join(folder, 'other'), { summary: { verdict: 'not met' } });
    await expect(report([run, other])).rejects.toThrow(/--out: say where the report of several runs/);
    const file = join(folder, 'deep', 'both.html');
    await report([run, other], { out: file });
    const html = readFileSync(file, 'utf8');
    expect(html).toContain('<h1 id="runs">2 runs</h1>');
    expect(html).toMatch(/id="run-1-loss"[\s\S]*id="run-2-loss"/);
    expect(html).toContain('Verdict: not met.');
  });

  it('writes Markdown with its pictures beside it', async () => {
    const file = join(folder, 'markdown', 'README.md');
    const { text } = await report([run], { markdown: true, out: file });
    expect(text.trim().split('\n')).toEqual([join(folder, 'markdown', 'loss.svg'), file]);
    const markdown = readFileSync(file, 'utf8');
    expect(markdown).toContain('| AdamW | 1.10 ± 0.10 | a |');
    expect(markdown).toContain('![Loss against steps](loss.svg)');
    assertWellFormed(readFileSync(join(folder, 'markdown', 'loss.svg'), 'utf8'));
  });

  it('writes each table as CSV, an interval in four columns', async () => {
    await report([run], { csv: true });
    expect(readFileSync(join(run, 'tables', '1-losses-times.csv'), 'utf8')).toBe(
      'optimizer,loss,loss low,loss high,loss n,\nAdamW,1.1,1,1.2,3,a\nCAME,0.6,,,1,\n',
    );
  });

  it('prints every table as JSON and nothing else', async () => {
    const { text } = await report([run], { json: true });
    const [printed] = JSON.parse(text) as [{ experiment: string; tables: [{ rows: object[] }] }];
    expect(printed.experiment).toBe('came-convergence');
    expect(printed.tables[0].rows[1]).toEqual({
      optimizer: 'CAME',
      loss: { mean: 0.6, low: null, high: null, n: 1 },
      'column 3': null,
    });
  });

  it('saves a form without machine paths and host names, removes old pictures, and fills the README', async () => {
    const root = join(folder, 'checkout');
    const saved = join(root, 'benchmarks', 'reports', 'came-convergence');
    mkdirSync(saved, { recursive: true });
    writeFileSync(join(saved, 'old.svg'), '<svg/>');
    const readme = '# A\n\n<!-- results:came-convergence -->\n<!-- /results -->\n\nb\n';
    writeFileSync(join(root, 'README.md'), readme);
    const { text } = await report([run], { save: true, root });
    expect(text.trim().split('\n')).toEqual([saved, join(root, 'README.md')]);
    const names = [
      'config.json',
      'environment.json',
      'loss.svg',
      'outcome.json',
      'results.md',
      'summary.json',
    ];
    expect(readdirSync(saved).sort()).toEqual(names);
    for (const name of names) {
      const content = readFileSync(join(saved, name), 'utf8');
      expect(content, name).not.toMatch(/\/home|somebody|box-17|4711/);
    }
    const config = readFileSync(join(saved, 'config.json'), 'utf8');
    expect(JSON.parse(config)).toMatchObject({ data: { path: 'novel.txt', sha256: 'abc' } });
    const filled = readFileSync(join(root, 'README.md'), 'utf8');
    expect(filled).toMatch(
      /^# A\n\n<!-- results:came-convergence -->\n\n```\nLosses[\s\S]*<!-- \/results -->\n\nb\n$/,
    );
    expect(filled).toContain('Verdict: met. Near enough.');
    expect(filled).toContain('[the run of 2026-01-02](benchmarks/reports/came-convergence/results.md)');
    // Saved again, or without a run, it stays as it is.
    expect((await report([], { save: true, root })).text).toBe('');
    // The committed form is a run that can be reported itself.
    await report([saved], { out: join(folder, 'again.html') });
  });

  it.each([
    ['is missing', (at: string) => rmSync(at, { recursive: true }), /There is no directory .*broken/, 3],
    [
      'is a file',
      (at: string) => {
        rmSync(at, { recursive: true });
        writeFileSync(at, '');
      },
      /broken is a file/,
      2,
    ],
    [
      'is foreign',
      (at: string) => rmSync(join(at, 'config.json')),
      /is not a run directory: it has no config.json/,
      2,
    ],
    ['has not finished', (at: string) => rmSync(join(at, 'summary.json')), /has not finished.*--resume/, 3],
    [
      'is of an earlier version',
      (at: string) => rmSync(join(at, 'outcome.json')),
      /outcome.json is missing/,
      3,
    ],
    [
      'lost its environment',
      (at: string) => rmSync(join(at, 'environment.json')),
      /environment.json is missing/,
      3,
    ],
    [
      'has half a summary',
      (at: string) => writeFileSync(join(at, 'summary.json'), '{"experiment": "ca'),
      /summary.json is damaged: it is not JSON/,
      2,
    ],
    [
      'has an outcome of another form',
      (at: string) =>
        writeFileSync(
          join(at, 'outcome.json'),
          '{"verdict":"met","reason":"","metrics":{"a":"b"},"tables":[],"charts":[]}',
        ),
      /outcome.json is damaged or of another version at metrics.a/,
      2,
    ],
    [
      'has a damaged cell',
      (at: string) => writeFileSync(join(at, 'cells', 'came-seed0.json'), '[]'),
      /came-seed0.json is damaged or of another version/,
      2,
    ],
    [
      'has a plot that would fetch',
      (at: string) => {
        const file = join(at, 'outcome.json');
        const outcome = JSON.parse(readFileSync(file, 'utf8')) as { charts: { spec: object }[] };
        (outcome.charts[0] as { spec: object }).spec = {
          data: { url: 'file:///etc/hostname' },
          mark: 'point',
        };
        writeFileSync(file, JSON.stringify(outcome));
      },
      /outcome.json is damaged or of another version at charts.0.spec.data.values/,
      2,
    ],
  ])('refuses a directory that %s, and names the file', async (_, damage, message, exitCode) => {
    const broken = writeRun(join(folder, 'broken'));
    damage(broken);
    await expect(report([broken])).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode,
    });
    rmSync(broken, { recursive: true, force: true });
  });

  it('refuses a directory where a file is to be written, in words', async () => {
    await expect(report([run], { out: folder })).rejects.toThrow('is a directory: name a file with --out.');
    await expect(report([])).rejects.toThrow('name run directories');
  });

  it('makes a page of less than 5 MB of 1,000 cells, in less than 5 s', async () => {
    const large = writeRun(join(folder, 'large'), { seeds: [] });
    const curve = Array.from({ length: 20 }, (_, at) => ({
      step: 100 * at,
      loss: 1 / (at + 1),
      validation: 2 / (at + 1),
    }));
    for (let seed = 0; seed < 1000; seed++) {
      const numbers = Object.fromEntries(
        Array.from({ length: 30 }, (_, at) => [`n${at}`, Math.sin(seed + at)]),
      );
      const cell = { id: `came-lr0.01-seed${seed}`, contestant: 'came', learningRate: 0.01, seed };
      writeCell(large, cell, { diverged: null, curve, ...numbers });
    }
    const begun = performance.now();
    await report([large]);
    const seconds = (performance.now() - begun) / 1000;
    const megabytes = statSync(join(large, 'report.html')).size / 1e6;
    console.info(`1,000 cells: ${seconds.toFixed(2)} s, ${megabytes.toFixed(2)} MB`);
    // The bar of the command line; it takes a tenth of that on a quiet machine.
    expect(seconds).toBeLessThan(5);
    expect(megabytes).toBeLessThan(5);
  });
});
