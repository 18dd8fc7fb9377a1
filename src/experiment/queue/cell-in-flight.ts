import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { UserError } from '../../errors.ts';
import { Interrupted } from '../experiment.ts';
import type { CellSpec } from '../process-executor.ts';
import { fetchData } from './carried-data.ts';
import { FolderSender, fetchFolder, type Sent } from './carried-files.ts';
import { backendKind, type CellJob, type JobResult, runKeys } from './cell-job.ts';
import type { CellSlot } from './cell-slots.ts';
import type { RedisServer } from './redis.ts';
import { ToldProgress } from './told-progress.ts';

/** Shared by all cells of a worker. */
export interface CellSurroundings {
  readonly server: RedisServer;
  readonly scratch: string;
  /** {@link backendKind} that the cell must be computed on. */
  readonly backend: string;
  /** Milliseconds between two looks for new checkpoints. */
  readonly checkpointEvery: number;
  readonly say: (text: string) => void;
}

/** `lost`: its lock has run out, so that it may be somebody else's. `dropped`: nobody waits for it any more. */
export type Fate = 'ours' | 'lost' | 'dropped';

/** One cell that this worker has taken: its files, its checkpoints to Redis and back, its progress to the submitter. */
export class CellInFlight {
  /** Name in Redis of the run that it belongs to. */
  readonly runName: string;
  fate: Fate = 'ours';
  readonly #job: Job<CellJob, JobResult>;
  readonly #lockKey: string;
  readonly #token: string;
  readonly #around: CellSurroundings;
  readonly #folder: string;
  readonly #sender: FolderSender;
  #slot: CellSlot | undefined;
  #stopped = false;

  constructor(job: Job<CellJob, JobResult>, token: string, around: CellSurroundings) {
    const { run, cell } = job.data;
    this.runName = run;
    this.#job = job;
    this.#token = token;
    this.#around = around;
    this.#lockKey = `${job.prefix}:${job.queueName}:${job.id}:lock`;
    this.#folder = join(around.scratch, 'cells', run, cell.id);
    this.#sender = new FolderSender(around.server.client, this.#folder, runKeys(run).checkpoint(cell.id));
  }

  /** What the process on this machine is to know: the text lies elsewhere here. */
  async localSpec(): Promise<CellSpec> {
    const { spec, run } = this.#job.data;
    if (spec.data === null) return spec;
    const folder = join(this.#around.scratch, 'texts');
    const path = await fetchData(this.#around.server.client, run, spec.data, folder);
    return { ...spec, data: { ...spec.data, path } };
  }

  /** Computes the cell, from its last checkpoint where there is one. Rejects as `CellExecutor.run`. */
  async run(slot: CellSlot): Promise<JobResult> {
    const { run, cell } = this.#job.data;
    this.#slot = slot;
    if (this.#stopped) slot.stop();
    slot.folder = this.#folder;
    const progress = new ToldProgress(this.#job);
    slot.listener = progress;
    const over = new AbortController();
    try {
      await this.#checkBackend(slot);
      await fetchFolder(this.#around.server.client, this.#folder, runKeys(run).checkpoint(cell.id));
      void this.#sendAlong(over.signal);
      return await slot.executor.run(cell);
    } catch (error) {
      over.abort();
      const wanted = this.fate !== 'dropped' && this.#around.server.isHere();
      if (error instanceof Interrupted && wanted) await this.#send();
      throw error;
    } finally {
      over.abort();
      slot.leave();
      progress.end();
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  /** The cell saves, and `run` rejects with Interrupted. */
  stop(fate: Fate = this.fate): void {
    this.fate = fate;
    this.#stopped = true;
    this.#slot?.stop();
  }

  async #checkBackend(slot: CellSlot): Promise<void> {
    const kind = backendKind(await slot.start());
    if (kind === this.#around.backend) return;
    throw new UserError(
      `The worker was started for ${this.#around.backend} and its process is on ${kind}.`,
      3,
    );
  }

  /** Sends checkpoints as they appear; at most a tenth of the time goes into that. */
  async #sendAlong(over: AbortSignal): Promise<void> {
    let toldOfSize = false;
    let pause = this.#around.checkpointEvery;
    while (!over.aborted) {
      await sleep(pause, undefined, { signal: over }).catch(() => {});
      if (over.aborted) return;
      const begun = performance.now();
      const sent = await this.#send();
      pause = Math.max(this.#around.checkpointEvery, 9 * (performance.now() - begun));
      if (sent === 'too large' && !toldOfSize) {
        this.#around.say(
          `${this.#job.data.cell.id}: its checkpoints are too large for Redis; another worker would begin anew`,
        );
        toldOfSize = true;
      }
    }
  }

  /** Never fails: what is not sent now is sent with the next, or computed again. */
  async #send(): Promise<Sent> {
    try {
      return await this.#sender.send(() => this.#mayWrite());
    } catch {
      return 'unchanged';
    }
  }

  /** False while another worker has the cell: it may be further than we are. */
  async #mayWrite(): Promise<boolean> {
    const holder = await this.#around.server.client.get(this.#lockKey);
    if (holder !== null) return holder === this.#token;
    // A lock that ran out, as in a long absence of Redis, leaves the job; a result that was kept does not.
    return ['active', 'waiting', 'delayed'].includes(await this.#job.getState());
  }
}
