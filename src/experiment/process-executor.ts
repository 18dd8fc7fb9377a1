import type { Backend, BackendRequest } from '../backends/index.ts';
import type { Cell } from './cells.ts';
import type { CellsProgress } from './cells-progress.ts';
import type { Config } from './config.ts';
import type { CellExecutor } from './executor.ts';
import type { Preset } from './experiment.ts';

/** What a process needs to know to compute cells of a run. Plain JSON. */
export interface CellSpec {
  readonly experiment: string;
  readonly preset: Preset;
  readonly config: Config;
  readonly seeds: readonly number[];
  readonly backend: BackendRequest;
  /** Threads of the process; null: all that it finds. */
  readonly threads: number | null;
  readonly data: { readonly path: string; readonly sha256: string } | null;
  readonly peers: string | null;
}

export interface ProcessExecutorOptions {
  /** The program whose main is `serveCells`. */
  readonly program: { readonly command: string; readonly args: readonly string[] };
  /** Processes at once. Undefined: one on a GPU, else one for each core. */
  readonly jobs: number | undefined;
  readonly progress: CellsProgress;
  readonly signal: AbortSignal;
  /** Where a cell keeps its checkpoints: an absolute path. */
  readonly folderOf: (cellId: string) => string;
}

export interface ProcessExecutor<K extends Cell = Cell, R = unknown> extends CellExecutor<K, R> {
  /** Starts the first process and says on which backend it is. `slots` is known, and `run` allowed, once it has resolved. */
  start(): Promise<Backend>;
}
