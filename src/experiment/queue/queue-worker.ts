import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { UserError } from '../../errors.ts';
import { Interrupted } from '../experiment.ts';
import { CellInFlight } from './cell-in-flight.ts';
import {
  type CellJob,
  droppedReason,
  encodeFailure,
  type Fit,
  type JobResult,
  keyPrefix,
  queueName,
  runKeys,
} from './cell-job.ts';
import { type CreateExecutor, SlotPool } from './cell-slots.ts';
import { aliveSeconds, announceWorker, describeMisfits, withdrawWorker } from './live-workers.ts';
import { connectRedis, type RedisServer } from './redis.ts';
import { isOpen } from './run-record.ts';

export interface QueueWorkerOptions {
  /** See {@link connectRedis}. */
  readonly url: string;
  /** Cells at once. */
  readonly jobs: number;
  readonly fit: Fit;
  /** Names of those that can be computed here. */
  readonly experiments: readonly string[];
  readonly createExecutor: CreateExecutor;
  /** Of this worker alone, for checkpoints and texts. */
  readonly scratch: string;
  /** Aborted: let the cells in flight save, give them back, end. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly times?: WorkerTimes;
}

/** Milliseconds. */
export interface WorkerTimes {
  /** A worker that has not been heard for so long is lost, and its cells go to others. Renewed at half of it. */
  readonly lock: number;
  /** Between two looks for lost workers; a cell that this one does not know is left to others for so long. */
  readonly look: number;
  /** Between two looks for new checkpoints of a cell, which then go to Redis. */
  readonly checkpoint: number;
}

/** A lost worker is noticed within 25 seconds. */
const defaultTimes: WorkerTimes = { lock: 20_000, look: 5_000, checkpoint: 2_000 };

/** How many workers a cell may take with it before it is given up. */
const maxStalledCount = 10;

/**
 * Takes cells from a queue and computes them until `signal` is aborted.
 *
 * @throws UserError as `connectRedis`
 */
export async function serveQueue(options: QueueWorkerOptions): Promise<void> {
  const { signal, say } = options;
  const server = await connectRedis(options.url, { away: say, back: say });
  const worker = new QueueWorker(options, server);
  try {
    await worker.open();
    say(
      `Taking cells from ${server.shown}, ${options.jobs} at once, for ${options.fit.code} on ${options.fit.backend}.`,
    );
    await aborted(signal);
  } finally {
    await worker.close();
  }
}

class QueueWorker {
  readonly #options: QueueWorkerOptions;
  readonly #times: WorkerTimes;
  readonly #server: RedisServer;
  readonly #slots: SlotPool;
  readonly #id = randomBytes(6).toString('hex');
  readonly #worker: Worker<CellJob, JobResult>;
  readonly #inFlight = new Map<string, CellInFlight>();
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueueWorkerOptions, server: RedisServer) {
    this.#options = options;
    this.#server = server;
    this.#times = options.times ?? defaultTimes;
    this.#slots = new SlotPool(options.createExecutor, options.jobs);
    this.#worker = new Worker<CellJob, JobResult>(
      queueName(options.fit),
      (job, token) => this.#process(job, token as string),
      {
        connection: server.connection,
        prefix: keyPrefix,
        name: `${hostname()}-${process.pid}`,
        autorun: false,
        concurrency: options.jobs,
        lockDuration: this.#times.lock,
        stalledInterval: this.#times.look,
        maxStalledCount,
        // A command that met a lost connection is tried again so soon.
        runRetryDelay: 1000,
      },
    );
    this.#worker.on('error', () => {}); // a lost connection is told by `server`; a lost lock by the next
    // As after a long absence of Redis: somebody else may have them already.
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#inFlight.get(id)?.stop('lost');
    });
    for (const event of ['completed', 'failed'] as const)
      this.#worker.on(event, (job?: Job<CellJob, JobResult>) => this.#deleteUnwanted(job).catch(() => {}));
  }

  async open(): Promise<void> {
    await this.#beat();
    this.#timer = setInterval(
      () => {
        this.#beat().catch(() => {}); // Redis is gone: told by `server`
      },
      (1000 * aliveSeconds) / 3,
    );
    void this.#worker.run();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    // No new cell is taken from here on; those in flight save and go back.
    await this.#worker.pause(true);
    for (const cell of this.#inFlight.values()) cell.stop();
    while (this.#inFlight.size > 0) await sleep(20);
    await this.#slots.close();
    const here = this.#server.isHere();
    if (here) await withdrawWorker(this.#server.client, this.#id).catch(() => {});
    else this.#server.end();
    const closed = this.#worker.close(!here).catch(() => {});
    // A connection that is between two attempts to reconnect never says that it has ended.
    if (here) await closed;
    this.#server.end();
  }

  async #beat(): Promise<void> {
    const { fit } = this.#options;
    const { client } = this.#server;
    await announceWorker(client, this.#id, { host: hostname(), pid: process.pid, fit });
    for (const refusal of await describeMisfits(this.#server, fit)) this.#sayOnce(refusal);
    for (const cell of this.#inFlight.values()) {
      if (!(await isOpen(this.#server, cell.runName))) cell.stop('dropped');
    }
  }

  async #process(job: Job<CellJob, JobResult>, token: string): Promise<JobResult> {
    const { run, spec, cell } = job.data;
    if (!(await isOpen(this.#server, run))) throw new UnrecoverableError(droppedReason);
    if (!this.#options.experiments.includes(spec.experiment)) {
      this.#sayOnce(`Not for this worker: it has no experiment ${spec.experiment}.`);
      await job.moveToDelayed(Date.now() + this.#times.look, token);
      throw new DelayedError();
    }
    const inFlight = new CellInFlight(job, token, {
      server: this.#server,
      scratch: this.#options.scratch,
      backend: this.#options.fit.backend,
      checkpointEvery: this.#times.checkpoint,
      say: this.#options.say,
    });
    this.#inFlight.set(job.id as string, inFlight);
    try {
      this.#options.say(`${spec.experiment} ${cell.id}: begun`);
      const done = await this.#compute(inFlight);
      this.#options.say(`${spec.experiment} ${cell.id}: done in ${done.seconds.toFixed(1)} s`);
      return done;
    } catch (error) {
      return await this.#giveUp(job, token, inFlight, error);
    } finally {
      this.#inFlight.delete(job.id as string);
    }
  }

  async #compute(inFlight: CellInFlight): Promise<JobResult> {
    const slot = await this.#slots.take(await inFlight.localSpec());
    let sound = false;
    try {
      const done = await inFlight.run(slot);
      sound = true;
      return done;
    } finally {
      await this.#slots.giveBack(slot, sound);
    }
  }

  /** Always throws: what makes BullMQ do the right thing with the job. */
  async #giveUp(job: Job<CellJob>, token: string, inFlight: CellInFlight, error: unknown): Promise<never> {
    const what = `${job.data.spec.experiment} ${job.data.cell.id}`;
    if (inFlight.fate === 'dropped') {
      this.#options.say(`${what}: dropped, for its run has ended`);
      throw new UnrecoverableError(droppedReason);
    }
    if (inFlight.fate === 'lost') {
      this.#options.say(`${what}: was taken for lost; whoever is free goes on with it`);
      throw new WaitingError();
    }
    if (error instanceof Interrupted) {
      // Without Redis nothing can be given back: the lock runs out, and others go on from what Redis has.
      if (this.#server.isHere()) await job.moveToWait(token);
      this.#options.say(`${what}: given back`);
      throw new WaitingError();
    }
    this.#options.say(`${what}: failed. ${error instanceof Error ? error.message : String(error)}`);
    // What is wrong with the settings is wrong everywhere; what this machine lacks another may have.
    if (error instanceof UserError && error.exitCode === 2)
      throw new UnrecoverableError(encodeFailure(error));
    throw new Error(encodeFailure(error));
  }

  /** What nobody waits for any more is of no use in Redis, however it ended. */
  async #deleteUnwanted(job: Job<CellJob, JobResult> | undefined): Promise<void> {
    if (job === undefined || (await isOpen(this.#server, job.data.run))) return;
    await job.remove();
    await this.#server.client.del(runKeys(job.data.run).checkpoint(job.data.cell.id));
  }

  #sayOnce(text: string): void {
    if (!this.#told.has(text)) this.#options.say(text);
    this.#told.add(text);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
