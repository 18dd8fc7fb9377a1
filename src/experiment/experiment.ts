import type { Backend, BackendRequest } from '../backends/index.ts';
import type { TextFile } from '../data/index.ts';
import type { Cell } from './cells.ts';
import type { Chart } from './chart.ts';
import type { Config } from './config.ts';
import type { Progress } from './progress.ts';
import type { Table } from './table.ts';

/** `smoke` ends in seconds, `laptop` in minutes on two cores, `paper` is faithful and wants a GPU. Same code, other sizes. */
export const presets = ['smoke', 'laptop', 'paper'] as const;
export type Preset = (typeof presets)[number];

/** `not tested`: the run was too small, or the machine too busy, to decide. */
export type Verdict = 'met' | 'not met' | 'not tested';

/** The methods; `npm run bench` runs the headline experiment of each. */
export type Method = 'came' | 'cdape' | 'efficient-bert';

/**
 * One question with a command that answers it: a list of independent cells, how to compute one, and what all of them say
 * together. The object itself is light, so that `ls` and `--help` are quick: `startCells` and `outcome` import what they need.
 */
export interface Experiment<C extends Config = Config, K extends Cell = Cell, R = unknown> {
  /** On the command line: kebab-case. */
  readonly name: string;
  readonly title: string;
  /** What the run is held against; it can fail. */
  readonly claim: string;
  readonly question: string;
  /** The method whose headline this is: `run` without names runs these. */
  readonly headline?: Method;
  readonly presets: Readonly<Record<Preset, C>>;
  /** How long each preset takes and on what, such as "5 min on 2 cores". */
  readonly durations: Readonly<Record<Preset, string>>;
  /** How many seeds each preset runs unless `--seeds` says otherwise. */
  readonly seeds: Readonly<Record<Preset, number>>;
  /** True if `--data FILE` has a meaning here; naming a file elsewhere is a usage error. */
  readonly takesData: boolean;
  /** False where `--peers` has no meaning, and naming one is a usage error. Default true. */
  readonly takesPeers?: boolean;
  /** The backend when none is named: `cpu` where timings of the CPU are the question, else `auto`. */
  readonly backend: BackendRequest;
  /** `side by side`: one thread each, as many at once as there are cores. `alone`: wants the whole machine, as all that is timed. */
  readonly cellsRun: 'side by side' | 'alone';
  /** Seconds that one cell takes on one core (side by side) or on the whole machine (alone): a measured guess, for the plan. */
  readonly cellSeconds: Readonly<Record<Preset, number>>;
  /** Checks beyond types, of the configuration and the user's text; throws UserError. Called before anything is written. */
  check?(config: C, data: TextFile | undefined): void;
  /**
   * The cells wanted, in order, given the results so far. Asked again whenever all of them are there, since what comes next may
   * depend on them; the run ends when it names nothing new. Pure; may throw UserError where the results leave nothing to do.
   */
  cells(plan: CellsPlan<C>, results: ReadonlyMap<string, R>): readonly K[];
  /** How many cells all stages have together, where results decide later ones. Default: what `cells` names at first. */
  countCells?(plan: CellsPlan<C>): number;
  /** What `--dry-run` says besides the cells, a line each. Pure and light, as `cells`. */
  planNotes?(plan: CellsPlan<C>): readonly string[];
  /** Imports what is heavy and makes what cells share (a corpus, say). Runs in the process that has the backend. */
  startCells(context: CellContext<C>): Promise<CellRunner<K, R>>;
  /** What the cells say together. Runs in the main process, which has no backend. */
  outcome(context: OutcomeContext<C>, results: ReadonlyMap<string, R>): Promise<Outcome>;
}

/** What decides which cells there are. */
export interface CellsPlan<C extends Config = Config> {
  /** Resolved: the preset with every `--set` applied. */
  readonly config: C;
  readonly seeds: readonly number[];
}

/** What the process that computes cells has. */
export interface CellContext<C extends Config = Config> extends CellsPlan<C> {
  readonly preset: Preset;
  /** Already chosen and loaded. */
  readonly backend: Backend;
  /** The user's text, read and known to be UTF-8; undefined means the embedded corpus. */
  readonly data: TextFile | undefined;
  /** The Python that has the peers, such as `python3`; undefined: no peers. */
  readonly peers: string | undefined;
  /** Units announced and advanced while a cell is computed are that cell's. */
  readonly progress: Progress;
  /** Aborted when the run is to stop: finish the step in flight, save, throw {@link Interrupted}. */
  readonly signal: AbortSignal;
}

/** Computes cells, one at a time. */
export interface CellRunner<K extends Cell = Cell, R = unknown> {
  /**
   * Computes one, or goes on from what an earlier process left in `folder`; throws {@link Interrupted} after saving there. The
   * result must survive JSON.
   *
   * @param folder for checkpoints; may not exist yet. Deleted once the result is kept.
   */
  run(cell: K, folder: string): Promise<R>;
  dispose(): void | Promise<void>;
}

export interface OutcomeContext<C extends Config = Config> extends CellsPlan<C> {
  readonly preset: Preset;
  /** On which the cells were computed. */
  readonly backend: Backend;
  readonly peers: string | undefined;
}

/** What a run found. Times and dates are kept by the command line, not here. */
export interface Outcome {
  readonly verdict: Verdict;
  /** Why the verdict is what it is, in one sentence with the numbers. */
  readonly reason: string;
  /** Flat, dotted keys: `came.loss`, `D256.captured.ms`. Finite numbers only; leave out what was not measured. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  /** Rows of `metrics.csv`; every row has the same keys. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  /** What a reader should know before trusting the numbers. */
  readonly warnings?: readonly string[];
}

/** Thrown by a run that stopped because `signal` was aborted, after it has saved what it had. */
export class Interrupted extends Error {
  override readonly name: string = 'Interrupted';
  /** The command that continues; undefined where nothing was begun. */
  readonly resumeCommand: string | undefined;

  constructor(resumeCommand?: string) {
    super('interrupted');
    this.resumeCommand = resumeCommand;
  }
}
