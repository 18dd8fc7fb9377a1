import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readJsonFile, writeJsonFile } from '../experiment/files-of-run.ts';

/**
 * What belongs to a training in flight: its checkpoints, and beside each what had been measured by then. Measurements are written
 * before the checkpoint of their step, so that whichever checkpoint survives finds its own.
 */
export class TrainingProgress<M> {
  /** For `saveCheckpoint` and `latestCheckpoint`. */
  readonly checkpoints: string;

  constructor(folder: string) {
    this.checkpoints = folder;
  }

  async save(step: number, measured: M, saveCheckpoint: () => Promise<unknown>): Promise<void> {
    await writeJsonFile(join(this.checkpoints, fileOf(step)), measured);
    await saveCheckpoint();
    for (const name of readdirSync(this.checkpoints)) {
      if (name.startsWith('measured-') && name !== fileOf(step))
        rmSync(join(this.checkpoints, name), { force: true });
    }
  }

  load(step: number): M {
    const measured = readJsonFile(join(this.checkpoints, fileOf(step))) as M | undefined;
    if (measured !== undefined) return measured;
    throw new UserError(
      `${this.checkpoints} lacks ${fileOf(step)}. Delete that folder and continue with --resume: the cell begins anew.`,
      3,
    );
  }
}

function fileOf(step: number): string {
  return `measured-${step}.json`;
}
