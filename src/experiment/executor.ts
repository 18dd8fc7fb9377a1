import type { Cell } from './cells.ts';

/** Computes cells: in processes of this machine, or through a queue on any number of machines. */
export interface CellExecutor<K extends Cell = Cell, R = unknown> {
  /** How many cells it takes at once. */
  readonly slots: number;
  /**
   * Computes one cell. Rejects with `Interrupted`, after saving what is needed to go on, when the signal it was made with is
   * aborted or it is closed; with UserError where the user can mend it; with another Error, naming the cell, where not.
   */
  run(cell: K): Promise<CellDone<R>>;
  /** Stops what is in flight, which saves and rejects, and ends. May be called again. */
  close(): Promise<void>;
}

export interface CellDone<R = unknown> {
  readonly result: R;
  /** That the process which ended it worked on it; a cell that was resumed took longer. */
  readonly seconds: number;
  readonly process: CellProcess;
}

/** Where a cell was computed. */
export interface CellProcess {
  readonly host: string;
  readonly pid: number;
  /** Name of the backend: `tensorflow`, `wasm` … */
  readonly backend: string;
  /** When the process began with the cell: ISO 8601, UTC. */
  readonly started: string;
}
