import type { ProgressState } from './progress.ts';

/** What is told of cells that are computed, several at once maybe. */
export interface CellsProgress {
  /** A line that stays. What several processes say alike is shown once. */
  note(text: string): void;
  warn(text: string): void;
  /** The cell has so many more units (steps, say) to do. */
  expect(cellId: string, units: number): void;
  /** So many more of them are done. */
  advance(cellId: string, state: ProgressState, units: number): void;
}
