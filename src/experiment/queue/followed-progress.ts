import type { CellsProgress } from '../cells-progress.ts';
import type { JobProgress } from './cell-job.ts';

interface Followed {
  attempt: string;
  /** Units done when this attempt began. */
  base: number;
  expected: number;
  done: number;
}

/** Turns the sums that workers tell of their cells into the steps that {@link CellsProgress} wants. */
export class FollowedProgress {
  readonly #progress: CellsProgress;
  readonly #cells = new Map<string, Followed>();

  constructor(progress: CellsProgress) {
    this.#progress = progress;
  }

  follow(cellId: string, told: JobProgress): void {
    const cell = this.#cells.get(cellId) ?? { attempt: told.attempt, base: 0, expected: 0, done: 0 };
    this.#cells.set(cellId, cell);
    if (cell.attempt !== told.attempt) {
      // Another worker goes on with it, and tells of what is left.
      cell.attempt = told.attempt;
      cell.base = cell.done;
    }
    for (const { level, text } of told.said) this.#progress[level](text);
    const expected = cell.base + told.expected;
    if (expected !== cell.expected) this.#progress.expect(cellId, expected - cell.expected);
    cell.expected = expected;
    const units = Math.max(0, cell.base + told.done - cell.done);
    cell.done += units;
    if (told.state !== null) this.#progress.advance(cellId, told.state, units);
  }
}
