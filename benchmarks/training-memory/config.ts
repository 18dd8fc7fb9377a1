import { UserError } from '../../src/errors.ts';
import type { Preset } from '../../src/experiment/experiment.ts';

export type TrainingMemoryConfig = {
  /** D, L, H, T, B of the language model. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly sequence: number;
  readonly batch: number;
  readonly steps: number;
  /** Steps until caches, the graph and the heap have their size; what comes after them is compared. */
  readonly settle: number;
  /** Memory is read every so many steps. */
  readonly every: number;
};

const laptop: TrainingMemoryConfig = {
  width: 128,
  layers: 2,
  heads: 4,
  sequence: 64,
  batch: 16,
  steps: 2000,
  settle: 200,
  every: 50,
};

export const presets: Readonly<Record<Preset, TrainingMemoryConfig>> = {
  smoke: { width: 16, layers: 1, heads: 2, sequence: 8, batch: 2, steps: 60, settle: 20, every: 10 },
  laptop,
  paper: { ...laptop, width: 256, layers: 4, sequence: 128, batch: 8 },
};

/** @throws UserError if no step is left to compare */
export function checkConfig({ steps, settle, every }: TrainingMemoryConfig): void {
  if (!(every >= 1 && settle >= 1 && settle + every <= steps)) {
    throw new UserError(
      `steps (${steps}) must be at least settle (${settle}) + every (${every}), all positive.`,
    );
  }
}
