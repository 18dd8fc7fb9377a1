import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/random/index.ts';
import { computed, count, finished, goOn, pids, storedCells, survivors } from '../support/counting-runs.ts';

// Whole runs in processes of their own: seconds each, more on a busy machine.
const patience = 240_000;

let folder: string;
let whole: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grid-'));
  whole = join(folder, 'whole');
  const { code } = await count(whole, ['--jobs', '2']);
  expect(code).toBe(0);
}, patience);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a grid of cells', () => {
  it('has every cell of every stage, computed by several processes, and leaves no checkpoints', () => {
    expect(storedCells(whole)).toHaveLength(60);
    expect(pids(whole)).toHaveLength(2);
    expect(readdirSync(whole).sort()).toEqual([
      'cells',
      'config.json',
      'environment.json',
      'metrics.csv',
      'outcome.json',
      'report.html',
      'summary.json',
    ]);
    expect(JSON.parse(readFileSync(join(whole, 'config.json'), 'utf8'))).toMatchObject({
      backend: 'js',
      threads: 1,
    });
  });

  it(
    'gives the same bytes one at a time, with a clock that goes backwards, without a word when quiet',
    async () => {
      // Each look at the clock finds it a minute earlier.
      const clock = `const Real = Date; let now = Real.now();
        globalThis.Date = class extends Real { constructor(...a) { super(...(a.length ? a : [now -= 60000])); }
          static now() { return (now -= 60000); } };`;
      const out = join(folder, 'one');
      const { code, stderr } = await count(out, ['--jobs', '1', '--quiet'], {
        env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(clock)}` },
      });
      expect(code).toBe(0);
      expect(stderr.replace(/^Warning: the machine is busy.*\n/, '')).toBe('');
      expect(computed(out)).toEqual(computed(whole));
      expect(storedCells(out).every(({ seconds }) => seconds >= 0.04)).toBe(true);
      const [first, last] = ['cell-0', 'cell-56'].map(
        (id) => JSON.parse(readFileSync(join(out, 'cells', `${id}.json`), 'utf8')).process.started,
      );
      expect(Date.parse(last)).toBeLessThan(Date.parse(first));
    },
    patience,
  );

  it(
    'killed ten times at random and resumed each time ends with the same bytes, and no child outlives its parent',
    async () => {
      const out = join(folder, 'killed');
      const random = RandomStream.fromSeed(Date.now() % 2 ** 31, 'kills');
      for (let deaths = 0; deaths < 10; deaths++) {
        // Some die while they start, most while they compute.
        const early = deaths % 5 === 4;
        let waiting = false;
        const begun = await count(out, deaths === 0 ? [] : ['--resume'], {
          onStderr: (text, child) => {
            if (waiting || !(early || text.includes('To do:'))) return;
            waiting = true;
            setTimeout(() => child.kill('SIGKILL'), 120 * random.uniform());
          },
        });
        expect(begun.signal).toBe('SIGKILL');
      }
      expect(storedCells(out).length).toBeGreaterThan(0);
      expect(await survivors(pids(out))).toEqual([]);
      const last = await goOn(out);
      expect(last.code).toBe(0);
      expect(computed(out)).toEqual(computed(whole));
    },
    patience,
  );

  it(
    'goes on after a full disk where it stopped',
    async (context) => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160k', 'tmpfs', disk], { stdio: 'pipe' });
      } catch {
        return context.skip('a tmpfs cannot be mounted here (that takes root)');
      }
      try {
        const out = join(disk, 'run');
        const full = await count(out);
        expect(full.stderr).toMatch(
          /Error: Cannot write .*: the disk is full\. Free some space\. What was finished is kept: continue with --resume/,
        );
        expect(full.code).toBe(3);
        const kept = storedCells(out).length;
        expect(kept).toBeGreaterThan(5);
        execFileSync('mount', ['-o', 'remount,size=16m', disk]);
        expect((await goOn(out)).code).toBe(0);
        expect(computed(out)).toEqual(computed(whole));
      } finally {
        execFileSync('umount', [disk]);
      }
    },
    patience,
  );

  it(
    'trains on a text that comes through a pipe, in every process',
    async (context) => {
      const pipe = join(folder, 'pipe');
      try {
        execFileSync('mkfifo', [pipe]);
      } catch {
        return context.skip('mkfifo is not here');
      }
      const out = join(folder, 'piped');
      const running = count(out, ['--data', pipe, '--jobs', '2']);
      writeFileSync(pipe, 'a text');
      expect((await running).code).toBe(0);
      expect(readdirSync(out)).toEqual(readdirSync(whole));
    },
    patience,
  );
});

describe('a cell that fails', () => {
  it.each([
    ['user error', 3, /^Error: Feed the cell first\.$/m],
    ['error', 70, /Internal error: cell cell-5: TypeError: the cell is upside down\n\s+at .*counting\.ts/],
    ['SIGKILL', 3, /^Error: cell cell-5: its process was killed \(SIGKILL\), by hand or because/m],
    ['out of memory', 3, /^Error: cell cell-5: its process ran out of memory\. Finished cells are kept/m],
  ])(
    '%s: exit code %i, the cell is named, the others are kept',
    async (failure, exitCode, message) => {
      const out = join(folder, failure.replaceAll(' ', '-'));
      // A small heap is full soon.
      const env = failure === 'out of memory' ? { NODE_OPTIONS: '--max-old-space-size=150' } : {};
      const { code, stderr } = await count(out, ['--set', `failure=${failure}`], { env });
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^Continue with\n {2}npm run -s cli -- run counting --out \S+ --resume$/m);
      expect(code).toBe(exitCode);
      expect(storedCells(out).length).toBeGreaterThanOrEqual(4);
      expect(storedCells(out).map(({ name }) => name)).not.toContain('cell-5.json');
      expect(readdirSync(out)).not.toContain('lock');
      expect(await survivors(pids(out))).toEqual([]);
    },
    patience,
  );

  it(
    'is computed again by --resume when its process was killed',
    async () => {
      const out = join(folder, 'child');
      const running = count(out, ['--jobs', '1']);
      await finished(out, 3);
      for (const pid of pids(out)) process.kill(pid, 'SIGKILL');
      const { code, stderr } = await running;
      expect(stderr).toMatch(/Error: cell (cell-\d+): its process was killed/);
      expect(code).toBe(3);
      expect((await goOn(out)).code).toBe(0);
      expect(computed(out)).toEqual(computed(whole));
    },
    patience,
  );
});

describe('--resume', () => {
  it('refuses a run of an earlier version, which did not keep its threads', async () => {
    const out = join(folder, 'earlier');
    mkdirSync(out);
    const { threads, ...config } = JSON.parse(readFileSync(join(whole, 'config.json'), 'utf8'));
    expect(threads).toBe(1);
    writeFileSync(join(out, 'config.json'), JSON.stringify(config));
    const { code, stderr } = await goOn(out);
    expect(stderr).toContain('config.json is of a run of an earlier version of this tool');
    expect(code).toBe(2);
    expect(readdirSync(out)).toEqual(['config.json']);
  });

  it.each(['null', '[]', '{"name": "theirs"}'])('refuses a config.json that holds %s', async (text) => {
    const out = mkdtempSync(join(folder, 'foreign-'));
    writeFileSync(join(out, 'config.json'), text);
    const { code, stderr } = await goOn(out);
    expect(stderr).toMatch(/config\.json is not the config\.json of a run|is not a run directory/);
    expect(code).toBe(2);
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(text);
  });
});
