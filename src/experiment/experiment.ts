import type { Backend, BackendRequest } from '../backends/index.ts';
import type { TextFile } from '../data/index.ts';
import type { Chart } from './chart.ts';
import type { Config } from './config.ts';
import type { Progress } from './progress.ts';
import type { RunDirectory } from './run-directory.ts';
import type { Table } from './table.ts';

/** `smoke` ends in seconds, `laptop` in minutes on two cores, `paper` is faithful and wants a GPU. Same code, other sizes. */
export const presets = ['smoke', 'laptop', 'paper'] as const;
export type Preset = (typeof presets)[number];

/** `not tested`: the run was too small, or the machine too busy, to decide. */
export type Verdict = 'met' | 'not met' | 'not tested';

/**
 * One question with a command that answers it. The object itself is light, so that `ls` and `--help` are quick: `run` imports
 * TensorFlow.js and the rest when it is called.
 */
export interface Experiment<C extends Config = Config> {
  /** On the command line: kebab-case. */
  readonly name: string;
  readonly title: string;
  /** What the run is held against; it can fail. */
  readonly claim: string;
  readonly question: string;
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
  /** Checks beyond types, of the configuration and the user's text; throws UserError. Called before anything is written. */
  check?(config: C, data: TextFile | undefined): void;
  run(context: RunContext<C>): Promise<Outcome>;
}

/** What a run gets from the command line. */
export interface RunContext<C extends Config = Config> {
  readonly preset: Preset;
  /** Resolved: the preset with every `--set` applied. */
  readonly config: C;
  readonly seeds: readonly number[];
  /** Already chosen and loaded. */
  readonly backend: Backend;
  readonly runDirectory: RunDirectory;
  readonly progress: Progress;
  /** Aborted by the first Ctrl-C: finish the step in flight, save, throw {@link Interrupted}. */
  readonly signal: AbortSignal;
  /** The user's text, read and known to be UTF-8; undefined means the embedded corpus. */
  readonly data: TextFile | undefined;
  /** True when the directory holds an earlier, unfinished run of exactly this configuration. */
  readonly resume: boolean;
  /** The Python that has the peers, such as `python3`; undefined: no peers. */
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
