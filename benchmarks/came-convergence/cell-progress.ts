import { readdirSync } from 'node:fs';
import { UserError } from '../../src/errors.ts';
import type { RunDirectory } from '../../src/experiment/run-directory.ts';
import type { CurveEntry, TrainingCell } from './cells.ts';

/** What a cell has measured so far. */
export interface Measured {
  readonly curve: readonly CurveEntry[];
  /** Training losses since the last entry of the curve: their sum and number. */
  readonly lossSum: number;
  readonly lossCount: number;
}

export const nothingMeasured: Measured = { curve: [], lossSum: 0, lossCount: 0 };

/**
 * What belongs to a cell in flight: its checkpoints, and beside each what had been measured by then. Measurements are written
 * before the checkpoint of their step, so that whichever checkpoint survives finds its own.
 */
export class CellProgress {
  readonly #directory: RunDirectory;
  readonly #folder: string;

  constructor(directory: RunDirectory, cell: TrainingCell) {
    this.#directory = directory;
    this.#folder = `checkpoints/${cell.id}`;
  }

  /** For `saveCheckpoint` and `latestCheckpoint`. */
  get checkpoints(): string {
    return this.#directory.file(this.#folder);
  }

  async save(step: number, measured: Measured, saveCheckpoint: () => Promise<unknown>): Promise<void> {
    await this.#directory.writeJson(`${this.#folder}/${fileOf(step)}`, measured);
    await saveCheckpoint();
    for (const name of readdirSync(this.checkpoints)) {
      if (name.startsWith('measured-') && name !== fileOf(step))
        this.#directory.remove(`${this.#folder}/${name}`);
    }
  }

  load(step: number): Measured {
    const measured = this.#directory.readJson(`${this.#folder}/${fileOf(step)}`) as Measured | undefined;
    if (measured !== undefined) return measured;
    throw new UserError(
      `${this.checkpoints} lacks ${fileOf(step)}. Delete that folder and continue with --resume: the cell begins anew.`,
      3,
    );
  }

  /** Deletes everything, once the cell's result is written. */
  clear(): void {
    this.#directory.remove(this.#folder);
  }
}

function fileOf(step: number): string {
  return `measured-${step}.json`;
}
