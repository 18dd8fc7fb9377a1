import { TrainingProgress } from '../../src/training/training-progress.ts';
import type { CurveEntry } from './cells.ts';

/** What a cell has measured so far. */
export interface Measured {
  readonly curve: readonly CurveEntry[];
  /** Training losses since the last entry of the curve: their sum and number. */
  readonly lossSum: number;
  readonly lossCount: number;
}

export const nothingMeasured: Measured = { curve: [], lossSum: 0, lossCount: 0 };

/** Checkpoints of a cell in flight, each with what had been measured by then. */
export class CellProgress<M = Measured> extends TrainingProgress<M> {}
