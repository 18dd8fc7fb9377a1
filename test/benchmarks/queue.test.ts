import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addQueueCommands } from '../../benchmarks/commands/queue-commands.ts';
import { hasRedisServer, TestRedis } from '../experiment/queue/redis-server.ts';
import { computed, count, finished } from '../support/counting-runs.ts';
import { temporaryFolders } from '../support/temporary-folder.ts';
import { type CliResult, runCli } from './run-cli.ts';

const experiments = fileURLToPath(new URL('../support/counting.ts', import.meta.url));
const folder = temporaryFolders();

/** Somebody may edit the code while the tests run, and code that differs is refused. */
const env = { TFJS_METHODS_EXPERIMENTS: experiments, TFJS_METHODS_CODE: 'tests' };

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL'); // of a test that failed
  children.clear();
});

/** Starts `worker`; resolves once it takes cells. */
function startWorker(url: string): Promise<{ child: ChildProcess; ended: Promise<CliResult> }> {
  return new Promise((resolve, reject) => {
    const ended = runCli(['worker', '--queue', url, '--jobs', '1', '--backend', 'js'], {
      env,
      onStderr(text, child) {
        children.add(child);
        if (text.includes('Taking cells')) resolve({ child, ended });
      },
    });
    ended.then(({ stderr }) => reject(new Error(stderr)), reject);
  });
}

describe.skipIf(!hasRedisServer)('run --queue and worker', { timeout: 120_000 }, () => {
  const redis = new TestRedis('--requirepass', 'sesame');
  beforeAll(() => redis.start());
  afterAll(() => redis.remove());

  it('give the bytes of a local run, though submitter and workers are interrupted, and no password away', async () => {
    const url = redis.url.replace('//', '//:sesame@');
    const size = ['--set', 'cells=10', '--set', 'steps=12', '--set', 'pause=40'];
    const local = join(folder(), 'local');
    const queued = join(folder(), 'queued');
    const [first, second] = await Promise.all([startWorker(url), startWorker(url), count(local, size)]);

    let told = false;
    const submitted = count(queued, [...size, '--queue', url], {
      env,
      onStderr(text, child) {
        children.add(child);
        if (told || !text.includes('through the queue')) return;
        told = true;
        void finished(queued, 1).then(() => child.kill('SIGINT'));
      },
    });
    const { code, stderr } = await submitted;
    expect(code).toBe(130);
    expect(stderr).toMatch(/--resume --queue 'redis:\/\/:…@127.0.0.1:\d+'/);
    first.child.kill('SIGINT');
    expect(await first.ended).toMatchObject({ code: 0 });

    const resumed = await count(queued, ['--resume', '--queue', url], { env });
    expect(resumed).toMatchObject({ code: 0 });
    expect(computed(queued)).toEqual(computed(local));
    expect(readFileSync(join(queued, 'environment.json'), 'utf8')).not.toContain('sesame');
    second.child.kill('SIGINT');
    const { stderr: said } = await second.ended;
    expect(said).not.toContain('sesame');
    expect(said).toMatch(/counting cell-\d: done in/);
  });

  it('refuse a password that is missing or wrong, with exit code 3', async () => {
    const wrong = redis.url.replace('//', '//:open@');
    const answers = await Promise.all([
      runCli(['worker', '--queue', redis.url, '--backend', 'js']),
      count(join(folder(), 'run'), ['--queue', wrong]),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([3, 3]);
    expect(answers[0]?.stderr).toContain('wants a password');
    expect(answers[1]?.stderr).toContain('refuses the password');
  });
});

describe('--queue', () => {
  it('is refused before anything is written: no server, no URL, an experiment that measures times', async () => {
    const out = join(folder(), 'run');
    const answers = await Promise.all([
      count(out, ['--queue', 'redis://127.0.0.1:1']),
      count(out, ['--queue', 'localhost']),
      runCli(['run', 'optimizer-step', '--preset', 'smoke', '--out', out, '--queue', 'redis://127.0.0.1:1']),
      count(out, ['--queue', 'redis://127.0.0.1:1', '--jobs', '2']),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([3, 2, 2, 2]);
    expect(answers[0]?.stderr).toBe(
      'Error: Redis at redis://127.0.0.1:1 cannot be reached (ECONNREFUSED). Start it with `redis-server`, ' +
        'or name another with --queue.\n',
    );
    expect(answers[1]?.stderr).toContain('Give a URL such as redis://host:6379');
    expect(answers[2]?.stderr).toContain('optimizer-step measures times');
    expect(existsSync(out)).toBe(false);
  });
});

describe('the command worker', () => {
  const program = () => {
    const made = new Command('cli').exitOverride().configureOutput({ writeErr: () => {} });
    addQueueCommands(made, { invocation: 'cli' });
    made.commands[0]?.exitOverride().configureOutput({ writeErr: () => {} });
    return made;
  };

  it('has three examples', () => {
    let help = '';
    program()
      .commands[0]?.configureOutput({ writeOut: (text) => (help += text) })
      .outputHelp();
    expect(help.split('Examples:\n')[1]?.trim().split('\n')).toHaveLength(3);
  });

  it.each([
    [['worker']],
    [['worker', '--queue', 'redis://a', '--jobs', '0']],
    [['worker', '--queue', 'redis://a', '--backend', 'abacus']],
  ])('refuses %j', async (line) => {
    await expect(program().parseAsync(line, { from: 'user' })).rejects.toThrow(CommanderError);
  });
});
