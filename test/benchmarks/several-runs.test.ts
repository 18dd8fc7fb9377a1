import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sweepTable } from '../../benchmarks/commands/sweep.ts';
import type { Summary } from '../../src/experiment/summary.ts';
import { computed, count, finished, goOn, storedCells } from '../support/counting-runs.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { type CliOptions, runCli } from './run-cli.ts';

const experiments = fileURLToPath(new URL('../support/counting.ts', import.meta.url));
const folder = temporaryFolders();
const patience = 120_000;

/** The sweep `words` of the experiment `counting`, of a few quick cells. */
function sweep(words: readonly string[], options: CliOptions = {}) {
  const small = ['--preset', 'smoke', '--set', 'cells=6'];
  return runCli(['run', 'counting', ...small, ...words], {
    ...options,
    env: { TFJS_METHODS_EXPERIMENTS: experiments },
  });
}

describe('run --json', { timeout: patience }, () => {
  it.each([['--dry-run'], ['--print-config']])(
    '%s of several experiments prints one document',
    async (what) => {
      const words = ['run', 'came-convergence', 'training-step', '--preset', 'smoke', what, '--json'];
      const { code, stdout } = await runCli(words);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject([
        { experiment: 'came-convergence' },
        { experiment: 'training-step' },
      ]);
    },
  );

  it('checks the settings of all before the first begins', async () => {
    const out = join(folder(), 'out');
    const words = ['run', 'counting', 'training-step', '--preset', 'smoke', '--set', 'cells=9', '--out', out];
    const { code, stdout, stderr } = await runCli(words, { env: { TFJS_METHODS_EXPERIMENTS: experiments } });
    expect(stderr).toMatch(/^Error: training-step: --set cells: no such key/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(existsSync(out)).toBe(false);
  });
});

describe('the table of a sweep', () => {
  it('has a column for each run, metrics with their intervals, and not what is the same', () => {
    const summary = (metrics: Record<string, number>) => ({ verdict: 'met', metrics }) as unknown as Summary;
    const table = sweepTable({ key: 'k', values: ['a', 'b'] }, [
      summary({ loss: 1, 'loss.low': 0.5, 'loss.high': 1.5, same: 3, only: 7 }),
      summary({ loss: 2, same: 3 }),
    ]);
    expect(table.columns.map(({ title }) => title)).toEqual(['metric', 'a', 'b']);
    expect(table.rows).toEqual([
      ['verdict', 'met', 'met'],
      ['loss', '1 ± 0.5', '2'],
      ['only', '7', '–'],
    ]);
  });
});

describe('run --sweep', { timeout: patience }, () => {
  it('shows the plan of each run, with its value', async () => {
    const { code, stdout } = await sweep(['--sweep', 'steps=2,5', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout.match(/^Set: .*/gm)).toEqual(['Set: cells=6, steps=2', 'Set: cells=6, steps=5']);
  });

  it('makes a run for each value, each as one by itself, and ends with a table', async () => {
    const out = join(folder(), 'sweep');
    const { code, stdout } = await sweep(['--sweep', 'steps=2,5', '--out', out]);
    expect(code).toBe(0);
    const table = stdout.slice(stdout.indexOf('By steps'));
    const sums = [2, 5].map(
      (steps) => JSON.parse(readFileSync(join(out, `steps=${steps}`, 'summary.json'), 'utf8')).metrics.sum,
    );
    expect(table).toMatch(/^metric +2 +5$/m);
    expect(table).toMatch(/^verdict +met +met$/m);
    for (const sum of sums) expect(table).toContain(sum.toLocaleString('en-US'));
    expect(table).not.toMatch(/^cells/m);
    const alone = join(folder(), 'alone');
    await sweep(['--set', 'steps=5', '--out', alone]);
    expect(computed(join(out, 'steps=5'))).toEqual(computed(alone));
  });

  it('that is interrupted goes on by the command that it says, also with the runs that were not begun', async () => {
    const out = join(folder(), 'sweep');
    let sent = false;
    const values = ['--sweep', 'pause=200,1', '--set', 'steps=4', '--out', out];
    const stopped = await sweep([...values, '--jobs', '1'], {
      onStderr(text, child) {
        if (sent || !text.includes('To do')) return;
        sent = true;
        void finished(join(out, 'pause=200'), 1).then(() => child.kill('SIGINT'));
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /continue with\n {2}npm run -s cli -- run counting .*--sweep pause=200,1.* --resume\n/,
    );
    expect(existsSync(join(out, 'pause=1'))).toBe(false);
    const done = storedCells(join(out, 'pause=200')).length;
    const resumed = await sweep([...values, '--resume', '--json']);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(`(${done} `);
    expect(JSON.parse(resumed.stdout)).toMatchObject([{ verdict: 'met' }, { verdict: 'met' }]);
    expect(JSON.parse(resumed.stdout)[0].metrics).toEqual(JSON.parse(resumed.stdout)[1].metrics);
  });

  it('refuses to resume where there is nothing', async () => {
    const { code, stderr } = await sweep(['--sweep', 'steps=1,2', '--out', join(folder(), 'no'), '--resume']);
    expect(stderr).toMatch(/does not exist: there is nothing to resume/);
    expect(code).toBe(2);
  });
});

describe('--resume', { timeout: patience }, () => {
  it('of a finished run computes nothing, and says so', async () => {
    const out = join(folder(), 'run');
    const size = ['--set', 'cells=6', '--set', 'steps=1'];
    await count(out, size);
    const { code, stderr } = await goOn(out);
    expect(code).toBe(0);
    expect(stderr).toContain('Nothing to compute: 3 cells are there already.');
    expect(stderr).not.toMatch(/0 cells|0 at once/);
  });

  it('warns where the parts are of different commits', async () => {
    const out = join(folder(), 'run');
    await count(out, ['--set', 'cells=6', '--set', 'steps=1']);
    const file = join(out, 'environment.json');
    const environment = JSON.parse(readFileSync(file, 'utf8'));
    if (environment.commit === null) return; // no checkout here
    writeFileSync(file, JSON.stringify({ ...environment, commit: 'c0ffee0c0ffee0' }));
    const { stderr } = await goOn(out);
    const doubt =
      /begun and resumed at different commits \(c0ffee0, [0-9a-f]{7}\): its cells may not be of the same code/;
    expect(stderr).toMatch(doubt);
    expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8')).warnings.join('\n')).toMatch(doubt);
  });

  it('that is stopped before it computes says how to go on', async () => {
    const out = join(folder(), 'run');
    await count(out, ['--set', 'cells=6', '--set', 'steps=1']);
    const { code, stderr } = await goOn(out, {
      onStderr: (text, child) => {
        if (text.includes('Does it count?')) child.kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /Interrupted: continue with\n {2}npm run -s cli -- run counting --out \S+ --resume/,
    );
  });
});
