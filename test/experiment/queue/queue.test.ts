import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { runCells } from '../../../src/experiment/cells.ts';
import type { CellExecutor } from '../../../src/experiment/executor.ts';
import { Interrupted } from '../../../src/experiment/experiment.ts';
import type { CellSpec } from '../../../src/experiment/process-executor.ts';
import { createQueueExecutor } from '../../../src/experiment/queue/queue-executor.ts';
import { type QueueWorkerOptions, serveQueue } from '../../../src/experiment/queue/queue-worker.ts';
import { RunDirectory } from '../../../src/experiment/run-directory.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';
import { hasRedisServer, TestRedis } from './redis-server.ts';
import { type WalkCell, type WalkResult, walkCells, walkExecutor, walkFit, walkSpec } from './walk-cells.ts';

/** What a run said, and how far its cells told that they are. */
function recordedProgress() {
  const lines: string[] = [];
  const units = new Map<string, { expected: number; done: number }>();
  const of = (id: string) => {
    const found = units.get(id) ?? { expected: 0, done: 0 };
    units.set(id, found);
    return found;
  };
  return {
    lines,
    units,
    note: (text: string) => void lines.push(text),
    warn: (text: string) => void lines.push(text),
    expect(id: string, number: number) {
      of(id).expected += number;
    },
    advance(id: string, _state: unknown, number: number) {
      of(id).done += number;
    },
  };
}

describe.skipIf(!hasRedisServer)('a queue on Redis', { timeout: 20_000 }, () => {
  const redis = new TestRedis();
  const folder = temporaryFolders();
  const workers: { stop: AbortController; ended: Promise<void> }[] = [];
  let directory: RunDirectory;

  beforeAll(() => redis.start());
  afterAll(() => redis.remove());
  beforeEach(async () => {
    const client = redis.client();
    await client.flushall();
    client.disconnect();
    directory = RunDirectory.open(join(folder(), 'run'), 'new');
  });
  afterEach(async () => {
    for (const { stop } of workers) stop.abort();
    await Promise.all(workers.splice(0).map(({ ended }) => ended));
    directory.release();
  });

  /** A worker in this process, and what it says. */
  function startWorker(changes: Partial<QueueWorkerOptions> = {}): { said: string[]; stop: AbortController } {
    const said: string[] = [];
    const stop = new AbortController();
    const ended = serveQueue({
      url: redis.url,
      jobs: 1,
      fit: walkFit,
      experiments: ['walk'],
      createExecutor: walkExecutor(),
      scratch: folder(),
      signal: stop.signal,
      say: (text) => void said.push(text),
      times: { lock: 2000, look: 500, checkpoint: 50 },
      ...changes,
    });
    workers.push({ stop, ended });
    return { said, stop };
  }

  function submitter(spec: CellSpec, signal = new AbortController().signal, progress = recordedProgress()) {
    return createQueueExecutor<WalkCell, WalkResult>(spec, {
      url: redis.url,
      directory,
      fit: walkFit,
      progress,
      signal,
      workerCommand: 'tfjs-methods worker',
      lookEvery: 300,
    });
  }

  async function run(executor: CellExecutor<WalkCell, WalkResult>, count: number) {
    const never = new AbortController().signal;
    try {
      return await runCells({ cells: () => walkCells(count) }, directory, executor, never);
    } finally {
      await executor.close();
    }
  }

  /** What the same cells give without a queue. */
  async function locally(spec: CellSpec, count: number): Promise<Map<string, WalkResult>> {
    const scratch = folder();
    const executor = walkExecutor()(spec, {
      progress: recordedProgress(),
      signal: new AbortController().signal,
      folderOf: (id) => join(scratch, id),
    });
    const results = new Map<string, WalkResult>();
    for (const cell of walkCells(count))
      results.set(cell.id, (await executor.run(cell)).result as WalkResult);
    return results;
  }

  it('gives what a local run gives, to the byte, tells of all units, and leaves nothing in Redis', async () => {
    startWorker({ jobs: 2 });
    startWorker();
    const progress = recordedProgress();
    // Longer than the pause between two words of a worker.
    const spec = { ...walkSpec, config: { steps: 10, pause: 70 } };
    const results = await run(await submitter(spec, undefined, progress), 6);
    expect(JSON.stringify([...results])).toBe(JSON.stringify([...(await locally(walkSpec, 6))]));
    expect(readdirSync(directory.file('cells')).length).toBe(6);
    for (const { done, expected } of progress.units.values()) expect(done).toBeLessThanOrEqual(expected);
    expect(progress.units.size).toBeGreaterThan(0);
    expect(await redis.cellKeys()).toEqual([]);
  });

  it('keeps what is computed while the submitter is gone, and computes no cell twice', async () => {
    const log = join(folder(), 'log');
    const stop = new AbortController();
    const executor = await submitter(walkSpec, stop.signal);
    const first = run(executor, 4);
    startWorker({ createExecutor: walkExecutor(log) });
    await until(() => directoryHolds(directory, 1));
    stop.abort();
    await expect(first).rejects.toThrow(Interrupted);
    const kept = readdirSync(directory.file('cells')).length;
    expect(kept).toBeLessThan(4);
    await until(() => lines(log).length === 4 * 10);

    const results = await run(await submitter(walkSpec), 4);
    expect([...results]).toEqual([...(await locally(walkSpec, 4))]);
    expect(new Set(lines(log).map(withoutPid)).size).toBe(4 * 10);
    expect(lines(log).length).toBe(4 * 10);
    expect(await redis.cellKeys()).toEqual([]);
  });

  it('lets a worker that is stopped give its cell back, which goes on from the step where it was', async () => {
    const log = join(folder(), 'log');
    const running = run(await submitter(walkSpec), 1);
    const first = startWorker({ createExecutor: walkExecutor(log) });
    await until(() => lines(log).length >= 3);
    first.stop.abort();
    await until(() => first.said.some((text) => text === 'walk walk-0: given back'));
    const before = lines(log).length;
    expect(before).toBeLessThan(10);
    startWorker({ createExecutor: walkExecutor(log) });
    expect([...(await running)]).toEqual([...(await locally(walkSpec, 1))]);
    expect(lines(log).map(withoutPid)).toEqual(Array.from({ length: 10 }, (_, step) => `walk-0 ${step + 1}`));
  });

  it('goes on with what a part of the run without the queue had begun', async () => {
    const log = join(folder(), 'log');
    const stop = new AbortController();
    const executor = walkExecutor(log)(walkSpec, {
      progress: recordedProgress(),
      signal: stop.signal,
      folderOf: (id) => directory.file(`checkpoints/${id}`),
    });
    const local = executor.run(walkCells(1)[0] as WalkCell);
    await until(() => lines(log).length >= 3);
    stop.abort();
    await expect(local).rejects.toThrow(Interrupted);
    startWorker({ createExecutor: walkExecutor(log) });
    await run(await submitter(walkSpec), 1);
    expect(lines(log).map(withoutPid)).toEqual(Array.from({ length: 10 }, (_, step) => `walk-0 ${step + 1}`));
  });

  it("fails for good on a user's mistake, which reaches the submitter as it is, and on a mistake of ours after three tries", async () => {
    const { said } = startWorker();
    const mistaken = { ...walkSpec, config: { steps: 2, pause: 0, fail: 'walk-1' } };
    await expect(submitter(mistaken).then((executor) => run(executor, 3))).rejects.toThrow(
      new UserError('walk-1 cannot walk. Choose another seed.', 2),
    );
    expect(said.filter((text) => text.includes('walk-1: begun')).length).toBe(1);
    await until(async () => (await redis.cellKeys()).length === 0);

    const buggy = { ...walkSpec, config: { steps: 2, pause: 0, fail: 'bug walk-3' } };
    await expect(submitter(buggy).then((executor) => run(executor, 4))).rejects.toThrow(
      'cell walk-3: a mistake of ours',
    );
    expect(said.filter((text) => text.includes('walk-3: failed')).length).toBe(3);
  });

  it('never gives a cell to a worker of other code or another backend, and both ends say so', async () => {
    const other = startWorker({ fit: { ...walkFit, code: '0.0.1' } });
    const progress = recordedProgress();
    const executor = await submitter(walkSpec, undefined, progress);
    const running = run(executor, 1);
    await until(() => progress.lines.length > 0);
    expect(progress.lines.join()).toContain('wanted tfjs-methods 0.0.0-test, not 0.0.1');
    expect(progress.lines.join()).toContain('Start one with\n  tfjs-methods worker');
    const late = startWorker({ fit: { ...walkFit, backend: 'wasm 4.22.0' } });
    await until(() => late.said.some((text) => text.includes('Not for this worker: walk')));
    expect(late.said.join()).toContain('backend js 4.22.0, not wasm 4.22.0');
    startWorker();
    await running;
    expect([...other.said, ...late.said].join()).not.toContain('begun');
  });

  it('leaves cells of an experiment that it does not have to others', async () => {
    const ignorant = startWorker({ experiments: ['run'] });
    const running = run(await submitter(walkSpec), 1);
    await until(() => ignorant.said.includes('Not for this worker: it has no experiment walk.'));
    ignorant.stop.abort();
    startWorker();
    await running;
  });

  it('carries the text to train on', async () => {
    const path = join(folder(), 'novel.txt');
    writeFileSync(path, 'a long story');
    const sha256 = createHash('sha256').update('a long story').digest('hex');
    const spec = { ...walkSpec, data: { path, sha256 } };
    startWorker();
    const results = await run(await submitter(spec), 1);
    expect([...results]).toEqual([...(await locally(spec, 1))]);
    expect(await redis.cellKeys()).toEqual([]);

    await expect(submitter({ ...spec, data: { path, sha256: '0' } })).rejects.toThrow('has changed since');
    truncateSync(path, 130 * 2 ** 20);
    await expect(submitter(spec)).rejects.toThrow('has 130 MiB and at most 128 MiB go through the queue');
  });

  it('submits again what Redis has forgotten', async () => {
    const running = run(await submitter(walkSpec), 2);
    await until(async () => (await redis.cellKeys()).length >= 3);
    const client = redis.client();
    await client.flushall();
    client.disconnect();
    startWorker();
    expect([...(await running)]).toEqual([...(await locally(walkSpec, 2))]);
  });

  it('deletes from Redis the run that a new one in the same directory takes the place of', async () => {
    const stop = new AbortController();
    const old = run(await submitter(walkSpec, stop.signal), 3);
    await until(async () => (await redis.cellKeys()).length >= 5);
    stop.abort();
    await expect(old).rejects.toThrow(Interrupted);
    const { said } = startWorker();
    const spec = { ...walkSpec, config: { steps: 3, pause: 0 } };
    const results = await run(await submitter(spec), 3);
    expect([...results]).toEqual([...(await locally(spec, 3))]);
    await until(async () => (await redis.cellKeys()).length === 0);
    expect(said.filter((text) => text.includes('done')).length).toBeLessThanOrEqual(4);
  });
});

const directoryHolds = (directory: RunDirectory, cells: number): boolean => {
  try {
    return readdirSync(directory.file('cells')).length >= cells;
  } catch {
    return false;
  }
};

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

/** `cell step` of a line of the log. */
const withoutPid = (line: string): string => line.split(' ').slice(0, 2).join(' ');

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; !(await reached()); ) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
