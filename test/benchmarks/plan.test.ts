import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cameConvergence } from '../../benchmarks/came-convergence.ts';
import { runCli } from './run-cli.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('run --print-config', () => {
  it('prints the resolved settings as JSON and writes nothing', async () => {
    const { code, stdout, stderr } = await runCli([
      'run',
      'came-convergence',
      '--print-config',
      '--seeds',
      '3..4',
      '--set',
      'steps=7',
      '--set',
      'evaluations=1',
      '--out',
      join(folder, 'printed'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      experiment: 'came-convergence',
      preset: 'laptop',
      seeds: [3, 4],
      data: null,
      config: { steps: 7, adamw: { beta2: 0.95 } },
    });
    expect(readdirSync(folder)).not.toContain('printed');
  });
});

describe('run --dry-run', () => {
  it('shows the cells and the estimated time, and writes nothing', async () => {
    const out = join(folder, 'dry');
    const { code, stdout, stderr } = await runCli([
      'run',
      'came-*',
      '--dry-run',
      '--jobs',
      '2',
      '--out',
      out,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^adamw-lr0.003-seed1000000 +adamw +0.003 +1000000$/m);
    expect(stdout).toContain('And 21 more, which the results of these decide.');
    // 9 cells, then at most 21, two at a time.
    const minutes = (15 * cameConvergence.cellSeconds.laptop) / 60;
    expect(stdout).toMatch(
      new RegExp(`^Estimated time: about ${Math.floor(minutes)} min( \\d+ s)?, 2 at once \\(`, 'm'),
    );
    expect(readdirSync(folder)).not.toContain('dry');
  });

  it('--json prints the settings with the plan, and of a run that was begun which cells are done', async () => {
    const out = join(folder, 'begun');
    mkdirSync(join(out, 'cells'), { recursive: true });
    writeFileSync(join(out, 'cells', 'came-lr0.01-seed1000000.json'), '{}');
    const { code, stdout } = await runCli([
      'run',
      'came-convergence',
      '--preset',
      'smoke',
      '--dry-run',
      '--json',
      '--jobs',
      '3',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    const plan = JSON.parse(stdout);
    expect(plan).toMatchObject({ experiment: 'came-convergence', preset: 'smoke', jobs: 3, later: 4 });
    expect(plan.cells.map((cell: { done: boolean }) => cell.done)).toEqual([false, false, false, true]);
    // Three cells at once, then three and one.
    expect(plan.seconds).toBeCloseTo(3 * cameConvergence.cellSeconds.smoke, 9);
  });

  it('of what is timed plans one cell at a time, whatever --jobs says', async () => {
    const { stdout } = await runCli(['run', 'training-step', '--dry-run', '--json', '--jobs', '4']);
    expect(JSON.parse(stdout)).toMatchObject({ jobs: 1, cells: [{ id: 'D128' }, { id: 'D256' }] });
  });
});

describe('run without names', () => {
  it('takes the headline experiment of each method', async () => {
    const { code, stdout } = await runCli(['run', '--print-config']);
    expect(code).toBe(0);
    const names = [JSON.parse(stdout)].flat().map(({ experiment }) => experiment);
    expect(names).toContain('came-convergence');
    expect(names).not.toContain('training-step');
  });

  it('with a text takes the headlines that read one', async () => {
    const text = join(folder, 'novel.txt');
    writeFileSync(text, 'It was the best of times, it was the worst of times. '.repeat(400));
    const { code, stdout } = await runCli(['run', '--print-config', '--data', text]);
    expect(code).toBe(0);
    const all = [JSON.parse(stdout)].flat();
    expect(all.map(({ experiment }) => experiment)).toContain('came-convergence');
    expect(all.map(({ experiment }) => experiment)).not.toContain('cdape-associative-recall');
    for (const { data } of all) expect(data.path).toBe(text);
  });

  it('opens with a sentence on what it does and how long it takes', async () => {
    const out = join(folder, 'headlines');
    const { stderr } = await runCli(['run', '--out', out], {
      onStderr: (text, child) => {
        if (text.includes('Preset laptop')) child.kill('SIGINT');
      },
    });
    expect(stderr.split('\n')[0]).toMatch(
      /^This runs the headline experiment of each method that is here: came-convergence \(CAME against AdamW: .*\), about \d+ min on 2 cores.*\. On this machine that is about \d+ (min|h).* in all\. Ctrl-C stops it/,
    );
  });
});
