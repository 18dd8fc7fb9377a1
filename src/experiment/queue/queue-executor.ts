import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, Queue, QueueEvents } from 'bullmq';
import { UserError } from '../../errors.ts';
import { type Cell, cellFolder } from '../cells.ts';
import type { CellsProgress } from '../cells-progress.ts';
import type { CellDone, CellExecutor } from '../executor.ts';
import { Interrupted } from '../experiment.ts';
import type { CellSpec } from '../process-executor.ts';
import type { RunDirectory } from '../run-directory.ts';
import { sendData } from './carried-data.ts';
import { FolderSender } from './carried-files.ts';
import {
  type CellJob,
  cellIdOf,
  decodeFailure,
  droppedReason,
  type Fit,
  type JobProgress,
  type JobResult,
  jobId,
  keyPrefix,
  queueName,
  runKeys,
} from './cell-job.ts';
import { FollowedProgress } from './followed-progress.ts';
import { describeWorkers } from './live-workers.ts';
import { connectRedis, type RedisServer } from './redis.ts';
import { closeRun, nameRun, openRun } from './run-record.ts';

export interface QueueExecutorOptions {
  /** See {@link connectRedis}. */
  readonly url: string;
  readonly directory: RunDirectory;
  readonly fit: Fit;
  readonly progress: CellsProgress;
  readonly signal: AbortSignal;
  /** How to start a worker, for messages. */
  readonly workerCommand: string;
  /** Milliseconds between two looks at cells whose end was not told, as a message may be lost with its Redis: default 5,000. */
  readonly lookEvery?: number;
}

/** How often a failure that may be the machine's is tried, in all. */
const attempts = 3;

/**
 * Computes cells on any number of machines: each is a job of BullMQ's on a Redis server, which workers (see `serveQueue`) take.
 * Cells stay in Redis when this process is interrupted or killed; the executor of the same run directory takes up what was
 * computed meanwhile. Once a result stands in the run directory, what Redis held of it is deleted.
 *
 * @throws UserError as `connectRedis`, and if the text to train on is too large
 */
export async function createQueueExecutor<K extends Cell, R>(
  spec: CellSpec,
  options: QueueExecutorOptions,
): Promise<CellExecutor<K, R>> {
  if (spec.peers !== null) {
    throw new UserError(
      '--peers measures on this machine, and --queue computes on others: leave one of them out.',
    );
  }
  const { progress } = options;
  let executor: QueueExecutor<K, R> | undefined;
  const server = await connectRedis(options.url, {
    away: (text) => progress.warn(text),
    back(text) {
      progress.warn(text);
      executor?.look();
    },
  });
  try {
    const run = await nameRun(options.directory, spec, options.fit);
    executor = new QueueExecutor<K, R>(run, spec, options, server);
    await executor.open();
  } catch (error) {
    await executor?.close();
    server.end();
    throw error;
  }
  return executor;
}

/** Events hold results, too. A submitter that was away for longer finds what it missed when it looks. */
const eventsKept = 1000;

/** Seconds after the end of a run for which the queue of its code and backend is remembered, with no cell in it. */
const queueKeptSeconds = 30 * 24 * 3600;

interface Pending<K, R> {
  readonly cell: K;
  resolve(done: CellDone<R>): void;
  reject(error: unknown): void;
}

class QueueExecutor<K extends Cell, R> implements CellExecutor<K, R> {
  readonly slots = Number.POSITIVE_INFINITY;
  readonly #spec: CellSpec;
  readonly #options: QueueExecutorOptions;
  readonly #server: RedisServer;
  readonly #run: string;
  readonly #queue: Queue<CellJob, JobResult>;
  readonly #pending = new Map<string, Pending<K, R>>();
  /** Ids of cells whose results were handed on and may still be in Redis. */
  readonly #handedOn = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #followed: FollowedProgress;
  #events: QueueEvents | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #stopped = false;
  /** Whether cells were in the queue when this was stopped. */
  #left = false;
  #closing: Promise<void> | undefined;
  #toldOfWorkers = '';

  constructor(run: string, spec: CellSpec, options: QueueExecutorOptions, server: RedisServer) {
    this.#run = run;
    this.#spec = spec;
    this.#options = options;
    this.#server = server;
    this.#followed = new FollowedProgress(options.progress);
    this.#queue = new Queue(queueName(options.fit), {
      connection: server.connection,
      prefix: keyPrefix,
      streams: { events: { maxLen: eventsKept } },
    });
    this.#queue.on('error', () => {}); // told by `server`
    options.signal.addEventListener('abort', this.#interrupt, { once: true });
    if (options.signal.aborted) this.#stop();
  }

  async open(): Promise<void> {
    const { directory } = this.#options;
    const { client, connection } = this.#server;
    await this.#announce();
    // Whoever was killed between writing a result and deleting it from Redis has left it there.
    for (const id of storedCells(directory)) this.#handedOn.add(id);
    await this.#deleteKept();
    // From the last event so far, so that none is missed between now and the first look at the stream.
    const last = await client.xrevrange(this.#queue.toKey('events'), '+', '-', 'COUNT', 1);
    this.#events = new QueueEvents(this.#queue.name, {
      connection,
      prefix: keyPrefix,
      lastEventId: last[0]?.[0] ?? '0-0',
      // Milliseconds of one read; with a Redis that is away, the process lives on for so long after all else has ended.
      blockingTimeout: 1000,
    });
    this.#events.on('error', () => {}); // told by `server`
    this.#events.on('completed', ({ jobId, returnvalue }) => {
      // BullMQ's types say string; it has parsed the JSON.
      this.#settle(jobId, returnvalue as unknown as CellDone<R>);
    });
    this.#events.on('failed', ({ jobId, failedReason }) => this.#fail(jobId, failedReason));
    this.#events.on('progress', ({ jobId, data }) => this.#follow(jobId, data as unknown as JobProgress));
    this.#timer = setInterval(() => this.look(), this.#options.lookEvery ?? 5_000);
  }

  /** Puts into Redis what must be there before cells are. */
  async #announce(): Promise<void> {
    const { directory, fit } = this.#options;
    const { experiment, data } = this.#spec;
    await openRun(this.#server, this.#run, { experiment, fit, directory: directory.path });
    if (data !== null) await sendData(this.#server.client, this.#run, data);
  }

  run(cell: K): Promise<CellDone<R>> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) {
        reject(new Interrupted());
        return;
      }
      this.#pending.set(cell.id, { cell, resolve, reject });
      this.#submit(cell).catch((error) => this.#reject(cell.id, error));
    });
  }

  /** Settles what has ended without our being told, and submits again what Redis has lost. */
  look(): void {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    this.#lookAtAll()
      .catch(() => {}) // Redis is gone: told by `server`, and tried again
      .finally(() => {
        this.#looking = false;
      });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  readonly #interrupt = (): void => {
    if (this.#pending.size > 0)
      this.#options.progress.note(
        'Its cells stay in the queue: workers go on with them, and --resume fetches what they found.',
      );
    this.#stop();
  };

  #stop(): void {
    this.#stopped = true;
    this.#left ||= this.#pending.size > 0;
    for (const id of this.#pending.keys()) this.#reject(id, new Interrupted());
  }

  async #submit(cell: K): Promise<void> {
    const id = jobId(this.#run, cell.id);
    const job = await this.#queue.getJob(id);
    if (job?.finishedOn !== undefined) {
      if (this.#settleFinished(job)) return;
      // It failed in an earlier part of the run: what made it fail may be mended.
      await job.remove();
    }
    const { client } = this.#server;
    const key = runKeys(this.#run).checkpoint(cell.id);
    // A part of the run without the queue may have begun with the cell.
    if ((await client.exists(key)) === 0)
      await new FolderSender(client, this.#options.directory.file(cellFolder(cell.id)), key).send();
    await this.#queue.add(
      this.#spec.experiment,
      { run: this.#run, spec: this.#spec, cell },
      { jobId: id, attempts, backoff: 1000, stackTraceLimit: 0 },
    );
  }

  #settleFinished(job: Job<CellJob, JobResult>): boolean {
    // A cell that failed and was tried again with success has both.
    if (job.returnvalue === null || job.returnvalue === undefined) return false;
    this.#settle(job.id as string, job.returnvalue as CellDone<R>);
    return true;
  }

  #settle(id: string, done: CellDone<R>): void {
    const cellId = cellIdOf(this.#run, id);
    const pending = cellId === undefined ? undefined : this.#pending.get(cellId);
    if (cellId === undefined || pending === undefined) return;
    this.#pending.delete(cellId);
    this.#handedOn.add(cellId);
    pending.resolve(done);
    // By then the results before it are in the run directory.
    this.#deleteKept().catch(() => {}); // tried again when the next one ends, and at the end
  }

  #fail(id: string, reason: string): void {
    const cellId = cellIdOf(this.#run, id);
    // Dropped while nobody waited for it: submitted again at the next look.
    if (cellId === undefined || !this.#pending.has(cellId) || reason === droppedReason) return;
    this.#failed.add(cellId);
    this.#reject(cellId, decodeFailure(cellId, reason));
  }

  #reject(cellId: string, error: unknown): void {
    const pending = this.#pending.get(cellId);
    this.#pending.delete(cellId);
    pending?.reject(error);
  }

  #follow(id: string, told: JobProgress): void {
    const cellId = cellIdOf(this.#run, id);
    if (cellId !== undefined && this.#pending.has(cellId)) this.#followed.follow(cellId, told);
  }

  async #lookAtAll(): Promise<void> {
    let waiting = false;
    for (const { cell } of [...this.#pending.values()]) {
      const job = await this.#queue.getJob(jobId(this.#run, cell.id));
      if (!this.#pending.has(cell.id)) continue;
      if (job === undefined) {
        // A Redis without persistence was restarted.
        await this.#announce();
        await this.#submit(cell);
      } else if (job.finishedOn === undefined) waiting ||= job.processedOn === undefined;
      else if (job.failedReason === droppedReason) await this.#submit(cell);
      else if (!this.#settleFinished(job)) this.#fail(job.id as string, job.failedReason);
    }
    if (waiting) await this.#tellOfWorkers();
  }

  /** Cells that wait with no worker for them would wait for ever, and the reader would not know why. */
  async #tellOfWorkers(): Promise<void> {
    const { fit, workerCommand, progress } = this.#options;
    const missing = await describeWorkers(this.#server.client, fit);
    if (missing !== undefined && missing !== this.#toldOfWorkers)
      progress.warn(`${missing} Start one with\n  ${workerCommand}`);
    this.#toldOfWorkers = missing ?? '';
  }

  /** Deletes from Redis the cells whose results stand in the run directory. */
  async #deleteKept(): Promise<void> {
    const kept = [...this.#handedOn].filter((id) => isStored(this.#options.directory, id));
    await Promise.all(kept.map((id) => this.#delete(id)));
  }

  async #delete(cellId: string): Promise<void> {
    // A job is locked while a worker has it: after a Redis that came back without its last second, one may have it again.
    if ((await this.#queue.remove(jobId(this.#run, cellId))) === 0 && (await this.#isThere(cellId))) return;
    await this.#server.client.del(runKeys(this.#run).checkpoint(cellId));
    this.#handedOn.delete(cellId);
  }

  async #isThere(cellId: string): Promise<boolean> {
    return (await this.#queue.getJob(jobId(this.#run, cellId))) !== undefined;
  }

  async #close(): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#interrupt);
    clearInterval(this.#timer);
    const unfinished = [...this.#pending.keys()];
    this.#stop();
    // Without Redis there is nothing to tidy, and no reason to wait: what is left is deleted by whoever resumes.
    if (this.#server.isHere()) await this.#tidy(unfinished).catch(() => {});
    const here = this.#server.isHere();
    this.#server.end();
    const closed = [this.#events?.close(), here ? this.#queue.close() : this.#queue.disconnect()];
    const settled = Promise.allSettled(closed);
    // A connection that is between two attempts to reconnect never says that it has ended.
    if (here) await settled;
  }

  async #tidy(unfinished: readonly string[]): Promise<void> {
    if (this.#failed.size > 0) {
      // The run ends here: nobody shall compute for it what has not begun. What a worker has just now, it drops.
      const ids = [...unfinished, ...this.#failed];
      await Promise.all(ids.map((id) => this.#queue.remove(jobId(this.#run, id))));
    }
    // What was handed on last may be on its way into the run directory.
    for (const end = performance.now() + 2000; ; await sleep(20)) {
      await this.#deleteKept();
      if (this.#handedOn.size === 0) break;
      if (performance.now() > end) return;
    }
    if (this.#left && this.#failed.size === 0) return;
    await closeRun(this.#server, this.#run);
    await this.#queue.trimEvents(0);
    for (const what of ['meta', 'id', 'events'])
      await this.#server.client.expire(this.#queue.toKey(what), queueKeptSeconds);
  }
}

function isStored(directory: RunDirectory, cellId: string): boolean {
  return existsSync(directory.file(`cells/${cellId}.json`));
}

function storedCells(directory: RunDirectory): string[] {
  const folder = directory.file('cells');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
}
