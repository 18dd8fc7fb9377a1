import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCells } from '../../../src/experiment/cells.ts';
import type { CellExecutor } from '../../../src/experiment/executor.ts';
import { Interrupted } from '../../../src/experiment/experiment.ts';
import { createQueueExecutor } from '../../../src/experiment/queue/queue-executor.ts';
import { RunDirectory } from '../../../src/experiment/run-directory.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { hasRedisServer, TestRedis } from './redis-server.ts';
import { type WalkCell, type WalkResult, walkCells, walkExecutor, walkFit, walkSpec } from './walk-cells.ts';

const program = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

/** Milliseconds of a lock: a lost worker is noticed after one to two of them. */
const lock = 1500;
const steps = 12;
const count = 12;
const spec = { ...walkSpec, config: { steps, pause: 60 } };

interface Step {
  readonly cell: string;
  readonly step: number;
  readonly pid: number;
}

describe.skipIf(!hasRedisServer)('a queue whose workers and whose Redis die', { timeout: 60_000 }, () => {
  const folder = temporaryFolders();
  let redis: TestRedis;
  const children = new Set<ChildProcess>();
  beforeEach(() => {
    redis = new TestRedis();
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await redis.remove();
  });

  function startWorker(scratch: string, log: string): ChildProcess {
    const args = ['--import', import.meta.resolve('tsx'), program, redis.url, scratch, log, String(lock)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  it('loses nothing and doubles nothing: three workers, one killed in a cell, and Redis restarted', async () => {
    const place = folder();
    const log = join(place, 'log');
    await redis.start();
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const directory = RunDirectory.open(join(place, 'queued'), 'new');
    const executor = await createQueueExecutor<WalkCell, WalkResult>(spec, {
      url: redis.url,
      directory,
      fit: walkFit,
      progress: { note: say, warn: say, expect: () => {}, advance: () => {} },
      signal: new AbortController().signal,
      workerCommand: 'worker',
      lookEvery: 500,
    });
    const handedOn: string[] = [];
    const running = runCells(
      { cells: () => walkCells(count), onDone: ({ id }) => void handedOn.push(id) },
      directory,
      executor,
      new AbortController().signal,
    );
    const workers = [0, 1, 2].map(() => startWorker(place, log));
    const victim = workers[0] as ChildProcess;
    await until(() => stepsOf(log).filter(({ pid }) => pid === victim.pid).length >= 4);
    // In the middle of a cell, with checkpoints sent.
    await until(() => [5, 6, 7].includes(lastStep(log, victim.pid)?.step ?? 0));
    const lost = lastStep(log, victim.pid) as Step;
    victim.kill('SIGKILL');
    await redis.stop('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await redis.start();
    const results = await running;
    await executor.close();

    expect(said.join()).toMatch(/Redis at .* is gone: waiting for it.*Redis at .* is back/);
    expect(handedOn.length).toBe(count);
    expect(new Set(handedOn).size).toBe(count);
    expect(await redis.cellKeys()).toEqual([]);

    // The cell of the dead worker went on from a checkpoint.
    const after = stepsOf(log).filter(({ cell, pid }) => cell === lost.cell && pid !== lost.pid);
    expect(after.at(0)?.step).toBeGreaterThan(1);
    expect(after.at(-1)?.step).toBe(steps);

    // What a local run gives and writes, to the byte; seconds and process aside.
    const local = RunDirectory.open(join(place, 'local'), 'new');
    expect(JSON.stringify([...results])).toBe(JSON.stringify([...(await locally(local))]));
    expect(cellFiles(directory)).toEqual(cellFiles(local));
    directory.release();
    local.release();
  });

  it('lets submitter and worker end at once while Redis is away', async () => {
    const place = folder();
    await redis.start();
    const directory = RunDirectory.open(join(place, 'run'), 'new');
    const silent = { note: () => {}, warn: () => {}, expect: () => {}, advance: () => {} };
    const stop = new AbortController();
    const executor = await createQueueExecutor<WalkCell, WalkResult>(spec, {
      url: redis.url,
      directory,
      fit: walkFit,
      progress: silent,
      signal: stop.signal,
      workerCommand: 'worker',
    });
    const running = runCells({ cells: () => walkCells(4) }, directory, executor, stop.signal);
    const outcome = expect(running).rejects.toThrow(Interrupted);
    const log = join(place, 'log');
    const worker = startWorker(place, log);
    const ended = new Promise((resolve) => worker.once('exit', (code) => resolve(code)));
    await until(() => stepsOf(log).length >= 2);
    await redis.stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const begun = performance.now();
    stop.abort();
    await outcome;
    await executor.close();
    worker.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000); // generous: a busy machine
    directory.release();
  });

  async function locally(directory: RunDirectory): Promise<Map<string, WalkResult>> {
    const executor = walkExecutor()(
      { ...spec, config: { steps, pause: 0 } },
      {
        progress: { note: () => {}, warn: () => {}, expect: () => {}, advance: () => {} },
        signal: new AbortController().signal,
        folderOf: (id) => directory.file(`checkpoints/${id}`),
      },
    ) as CellExecutor<WalkCell, WalkResult>;
    return runCells({ cells: () => walkCells(count) }, directory, executor, new AbortController().signal);
  }
});

/** Names and contents of all cells. */
function cellFiles(directory: RunDirectory): Record<string, string> {
  const names = readdirSync(directory.file('cells')).sort();
  return Object.fromEntries(
    names.map((name) => {
      const stored = JSON.parse(readFileSync(directory.file(`cells/${name}`), 'utf8')) as object;
      return [name, JSON.stringify({ ...stored, seconds: null, process: null })];
    }),
  );
}

function stepsOf(log: string): Step[] {
  try {
    return readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [cell, step, pid] = line.split(' ') as [string, string, string];
        return { cell, step: Number(step), pid: Number(pid) };
      });
  } catch {
    return [];
  }
}

const lastStep = (log: string, pid: number | undefined) =>
  stepsOf(log)
    .filter((step) => step.pid === pid)
    .at(-1);

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await reached()); ) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
