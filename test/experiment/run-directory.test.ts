import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';
import { runScript } from './run-script.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'run-directory-'));
});
afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

const config = { experiment: 'x', preset: 'smoke', config: {} };

async function earlierRun(path: string): Promise<void> {
  const earlier = RunDirectory.open(path, 'new');
  await earlier.writeJson('config.json', config);
  await earlier.writeJson('cells/a.json', { done: 1 });
  await earlier.write('loss.svg', '<svg/>');
  earlier.release();
}

describe('RunDirectory', () => {
  it('makes a new directory with its parents', async () => {
    const path = join(parent, 'a', 'b');
    const run = RunDirectory.open(path, 'new');
    await run.write('x', '1');
    run.release();
    expect(readdirSync(path)).toEqual(['x']);
  });

  it('refuses one that exists, even if empty', () => {
    expect(() => RunDirectory.open(parent, 'new')).toThrow(
      /exists\. Continue that run with --resume, replace it/,
    );
    expect(() => RunDirectory.open(parent, 'new')).toThrow(UserError);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('takes a directory away again in which nothing was written, but not one that was there', () => {
    RunDirectory.open(join(parent, 'run'), 'new').release();
    expect(readdirSync(parent)).toEqual([]);
    RunDirectory.open(parent, 'overwrite').release();
    expect(existsSync(parent)).toBe(true);
  });

  it('resumes only what is there', () => {
    expect(() => RunDirectory.open(join(parent, 'none'), 'resume')).toThrow(
      /does not exist: there is nothing to resume/,
    );
    expect(readdirSync(parent)).toEqual([]);
  });

  it('resume keeps what was finished and clears what was being written', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    writeFileSync(join(path, 'cells', 'b.json.0123456789ab.partial'), '{"half":');
    const again = RunDirectory.open(path, 'resume');
    expect(again.readJson('cells/a.json')).toEqual({ done: 1 });
    expect(readdirSync(join(path, 'cells'))).toEqual(['a.json']);
    again.release();
  });

  it('overwrite deletes the run and leaves files of others', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    writeFileSync(join(path, 'notes.txt'), 'mine');
    const again = RunDirectory.open(path, 'overwrite');
    expect(again.readJson('cells/a.json')).toEqual({ done: 1 });
    again.clear();
    again.release();
    expect(readdirSync(path)).toEqual(['notes.txt']);
  });

  it.each(['new', 'resume', 'overwrite'] as const)('%s refuses a directory that is no run', (mode) => {
    writeFileSync(join(parent, 'thesis.tex'), 'years of work');
    expect(() => RunDirectory.open(parent, mode)).toThrow(/is not a run directory: it holds thesis\.tex/);
    writeFileSync(join(parent, 'config.json'), '{"theirs": true}');
    expect(() => RunDirectory.open(parent, mode)).toThrow(/is not a run directory/);
    expect(readFileSync(join(parent, 'thesis.tex'), 'utf8')).toBe('years of work');
  });

  it('names a damaged file', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    writeFileSync(join(path, 'cells', 'a.json'), '{"done":');
    const again = RunDirectory.open(path, 'resume');
    expect(() => again.readJson('cells/a.json')).toThrow(/a\.json is damaged: it is not JSON\. Delete it/);
    again.release();
  });

  it('refuses a path through a file, in words', () => {
    writeFileSync(join(parent, 'file'), '');
    expect(() => RunDirectory.open(join(parent, 'file', 'run'), 'new')).toThrow(
      /file is a file, not a directory/,
    );
    expect(() => RunDirectory.open(join(parent, 'file'), 'new')).toThrow(
      /file: part of the path is a file, not a directory\. Choose another directory with --out/,
    );
  });

  // The superuser may write anywhere.
  it.skipIf(process.getuid?.() === 0)('refuses a parent without permission', () => {
    const closed = join(parent, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    expect(() => RunDirectory.open(join(closed, 'run'), 'new')).toThrow(
      /permission is denied\. Choose another directory/,
    );
  });

  it.skipIf(process.platform !== 'linux')('refuses what the system does not let anyone write', () => {
    expect(() => RunDirectory.open('/proc/run', 'new')).toThrow(UserError);
  });
});

describe('the lock', () => {
  it('keeps a second opening out until the first is released', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    const first = RunDirectory.open(path, 'resume');
    expect(() => RunDirectory.open(path, 'resume')).toThrow(new RegExp(`in use by process ${process.pid}`));
    expect(() => RunDirectory.open(path, 'overwrite')).toThrow(UserError);
    first.release();
    RunDirectory.open(path, 'resume').release();
    expect(existsSync(join(path, 'lock'))).toBe(false);
  });

  it('is taken over from a process that was killed', () => {
    const path = join(parent, 'run');
    const killed = runScript(`
      import { RunDirectory } from './src/experiment/run-directory.ts';
      const run = RunDirectory.open(${JSON.stringify(path)}, 'new');
      await run.writeJson('config.json', ${JSON.stringify(config)});
      process.kill(process.pid, 'SIGKILL');
    `);
    expect(killed.signal).toBe('SIGKILL');
    expect(existsSync(join(path, 'lock'))).toBe(true);
    RunDirectory.open(path, 'resume').release();
    expect(readdirSync(path)).toEqual(['config.json']);
  });

  it('is not fooled by a later process with the same number', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    const first = RunDirectory.open(path, 'resume');
    const lock = JSON.parse(readFileSync(join(path, 'lock'), 'utf8'));
    if (lock.begun !== null) {
      writeFileSync(join(path, 'lock'), JSON.stringify({ ...lock, begun: '1' }));
      RunDirectory.open(path, 'resume').release();
    }
    first.release();
  });

  it('of another machine is left alone', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    writeFileSync(join(path, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', begun: null, token: 'x' }));
    expect(() => RunDirectory.open(path, 'resume')).toThrow(/in use by process 1 on elsewhere.*delete/);
  });

  it('goes to exactly one of many processes that try at once to take over a dead one', async () => {
    const path = join(parent, 'run');
    await earlierRun(path);
    const dead = spawnSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' });
    const { hostname } = await import('node:os');
    const stale = { pid: Number(dead.stdout), host: hostname(), begun: '1', token: 'dead' };
    writeFileSync(join(path, 'lock'), JSON.stringify(stale));
    const script = `
      import { RunDirectory } from './src/experiment/run-directory.ts';
      while (Date.now() < ${Date.now() + 2500}) {}
      try {
        RunDirectory.open(${JSON.stringify(path)}, 'resume');
        console.log('won');
        await new Promise((resolve) => setTimeout(resolve, 1500));
      } catch (error) {
        console.log(error.name);
      }
    `;
    const { startScript } = await import('./run-script.ts');
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => startScript(script)));
    expect(outcomes.map((output) => output.trim()).sort()).toEqual([
      'UserError',
      'UserError',
      'UserError',
      'won',
    ]);
  });
});
