import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type CliResult, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'cdape-resume-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two encodings: with weights of its own, and with positions drawn anew at each step. */
function run(
  name: string,
  options: readonly string[],
  onStderr?: (text: string, pid: number) => void,
): Promise<CliResult> {
  const settings = [
    'encodings=cdape-kerple,rope-randomized',
    'steps=300',
    'curvePoints=30',
    'order=cdape-kerple,rope-randomized',
  ];
  const args = [
    'run',
    'cdape-length-extrapolation',
    '--preset',
    'smoke',
    '--jobs',
    '1',
    '--out',
    join(folder, name),
  ];
  return runCli([...args, ...settings.flatMap((one) => ['--set', one]), ...options], {
    detached: true,
    ...(onStderr && { onStderr: (text, child) => onStderr(text, child.pid as number) }),
  });
}

/** What the cells say, without the times. */
function computed(name: string): unknown[] {
  const cells = join(folder, name, 'cells');
  return readdirSync(cells)
    .sort()
    .map((file) => {
      const { cell, result } = JSON.parse(readFileSync(join(cells, file), 'utf8'));
      const { secondsPerStep: _, ...rest } = result;
      return { cell, result: rest };
    });
}

/** Whether a cell of the run has saved a checkpoint and is not done. */
function checkpointed(name: string, cell: string): boolean {
  const own = join(folder, name, 'checkpoints', cell);
  return existsSync(own) && readdirSync(own, { recursive: true }).length > 1;
}

it('a cell that is killed goes on to the same bits', { timeout: 300_000 }, async () => {
  const whole = run('whole', []);
  for (const [at, cell] of ['cdape-kerple-seed0', 'rope-randomized-seed0'].entries()) {
    let timer: NodeJS.Timeout | undefined;
    const killed = await run('killed', at === 0 ? [] : ['--resume'], (_, pid) => {
      timer ??= setInterval(() => {
        if (!checkpointed('killed', cell)) return;
        clearInterval(timer);
        process.kill(-pid, 'SIGKILL'); // the children too
      }, 2);
    });
    clearInterval(timer);
    expect(killed.signal, killed.stderr).toBe('SIGKILL');
    expect(existsSync(join(folder, 'killed', 'cells', `${cell}.json`))).toBe(false);
  }
  const { code, stderr } = await run('killed', ['--resume']);
  expect(code, stderr).toBe(0);
  expect((await whole).code).toBe(0);
  expect(computed('killed')).toEqual(computed('whole'));
  expect(computed('whole')).toHaveLength(2);
});
