import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computed, count, finished, goOn, pids, storedCells, survivors } from '../support/counting-runs.ts';
import type { CliOptions } from './run-cli.ts';

const patience = 240_000;

let folder: string;
let whole: string;
const long = ['--set', 'steps=16'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'interrupt-'));
  whole = join(folder, 'whole');
  expect((await count(whole, long)).code).toBe(0);
}, patience);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Sends signals, so many milliseconds after one another, once the first cells are computed. */
function once(
  out: string,
  cells: number,
  signals: readonly NodeJS.Signals[],
  apart: number,
  group: boolean,
): CliOptions {
  let sending = false;
  return {
    detached: group,
    onStderr: async (text, child) => {
      if (sending || !text.includes('To do:')) return;
      sending = true;
      await finished(out, cells);
      for (const [index, signal] of signals.entries()) {
        setTimeout(() => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          if (group) process.kill(-(child.pid as number), signal);
          else child.kill(signal);
        }, index * apart);
      }
    },
  };
}

describe('a run that is told to stop', () => {
  it.each([
    ['Ctrl-C in a terminal, which reaches the children too', 'SIGINT', true],
    ['SIGINT to the parent alone', 'SIGINT', false],
    ['SIGTERM to the whole group', 'SIGTERM', true],
  ] as const)(
    'by %s saves, ends with 130, leaves no process, and goes on to the same bytes',
    async (what, signal, group) => {
      const out = join(folder, what.replace(/[^a-zA-Z]+/g, '-'));
      // npm passes on the Ctrl-C that the terminal has sent already: twice at once is still the first.
      const stopped = await count(out, long, once(out, 2, [signal, signal], 20, group));
      expect(stopped).toMatchObject({ code: 130, stdout: '' });
      expect(stopped.stderr).toContain('stopping after the step in flight');
      expect(stopped.stderr).toMatch(
        /Interrupted: continue with\n {2}npm run -s cli -- run counting --out \S+ --resume/,
      );
      expect(stopped.stderr).not.toMatch(/\n\s+at /);
      expect(readdirSync(out)).not.toContain('lock');
      expect(readdirSync(out)).not.toContain('summary.json');
      expect(await survivors(pids(out))).toEqual([]);
      const done = storedCells(out).length;
      expect(done).toBeLessThan(60);
      const resumed = await goOn(out);
      expect(resumed.code).toBe(0);
      expect(resumed.stderr).toContain(`(${done} are there already)`);
      expect(computed(out)).toEqual(computed(whole));
    },
    patience,
  );

  it(
    'before it has begun writes nothing',
    async () => {
      const out = join(folder, 'at-once');
      const stopped = await count(out, [], {
        onStderr: (text, child) => {
          if (text.includes('Does it count?')) child.kill('SIGINT');
        },
      });
      expect(stopped).toMatchObject({ code: 130, stdout: '' });
      expect(stopped.stderr).toContain('Interrupted: nothing was begun.');
      expect(readdirSync(folder)).not.toContain('at-once');
    },
    patience,
  );

  it(
    'twice ends at once, and its children end though they are in a long step',
    async () => {
      const out = join(folder, 'stuck');
      const stuck = ['--set', 'failure=stuck', '--jobs', '1'];
      const begun = performance.now();
      const { signal } = await count(out, stuck, once(out, 5, ['SIGINT', 'SIGINT'], 1500, true));
      expect(signal).toBe('SIGINT');
      expect(await survivors(pids(out))).toEqual([]);
      // The step is one of 60 seconds.
      expect(performance.now() - begun).toBeLessThan(50_000);
    },
    patience,
  );

  it(
    'by --max-minutes does the same as by Ctrl-C',
    async () => {
      const out = join(folder, 'limited');
      let result = await count(out, [...long, '--max-minutes', '0.05']);
      expect(result.stderr).toContain('--max-minutes 0.05 is over');
      for (let parts = 1; result.code === 130 && parts < 10; parts++) {
        // On a busy machine the time may be over before anything is begun.
        result = await (existsSync(out) ? goOn(out) : count(out, long));
      }
      expect(result.code).toBe(0);
      expect(computed(out)).toEqual(computed(whole));
    },
    patience,
  );
});
