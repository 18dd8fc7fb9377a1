import type { Preset, Verdict } from './experiment.ts';

/** summary.json: what a run found. Written last, so that a directory that has it is complete. */
export interface Summary {
  readonly experiment: string;
  readonly preset: Preset;
  /** Name of the backend: `tensorflow`, `wasm` … */
  readonly backend: string;
  readonly claim: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seeds: readonly number[];
  readonly warnings: readonly string[];
  /** ISO 8601, UTC. */
  readonly started: string;
  /** Of this process; a run that was resumed took longer. */
  readonly seconds: number;
  readonly commit: string | null;
  /** Where everything else is. */
  readonly directory: string;
}
