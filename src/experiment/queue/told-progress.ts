import { randomBytes } from 'node:crypto';
import type { Job } from 'bullmq';
import type { CellsProgress } from '../cells-progress.ts';
import type { CellJob, JobProgress, JobResult } from './cell-job.ts';

/** Milliseconds between two words to the submitter. */
const tellEvery = 500;

/** Tells the submitter of a cell, now and then, through its job. */
export class ToldProgress implements CellsProgress {
  readonly #job: Job<CellJob, JobResult>;
  readonly #attempt = randomBytes(4).toString('hex');
  readonly #said: { level: 'note' | 'warn'; text: string }[] = [];
  #expected = 0;
  #done = 0;
  #state: JobProgress['state'] = null;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(job: Job<CellJob, JobResult>) {
    this.#job = job;
  }

  note(text: string): void {
    this.#said.push({ level: 'note', text });
    this.#tellSoon();
  }

  warn(text: string): void {
    this.#said.push({ level: 'warn', text });
    this.#tellSoon();
  }

  expect(_cellId: string, units: number): void {
    this.#expected += units;
    this.#tellSoon();
  }

  advance(_cellId: string, state: JobProgress['state'], units: number): void {
    this.#state = state;
    this.#done += units;
    this.#tellSoon();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #tellSoon(): void {
    if (this.#timer !== undefined || this.#ended) return;
    this.#timer = setTimeout(async () => {
      const told: JobProgress = {
        attempt: this.#attempt,
        expected: this.#expected,
        done: this.#done,
        state: this.#state,
        said: this.#said,
      };
      // What cannot be told now comes with the next; the job may have gone to another worker, too.
      await this.#job.updateProgress(told).catch(() => {});
      this.#timer = undefined;
    }, tellEvery);
  }
}
