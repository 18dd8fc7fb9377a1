import type { Cell } from '../../src/experiment/cells.ts';
import type { StoredComparison } from '../../src/experiment/stored-comparison.ts';
import type { WeightDifference } from '../step-timing/compare-weights.ts';
import type { OptimizerName } from './config.ts';

/** The step of one optimizer over the weights of one size, in every form, and who is beside it. */
export interface StepCell extends Cell {
  readonly kind: 'step';
  readonly size: string;
  readonly optimizer: OptimizerName;
}

/** In-place loops beside operations, on a backend of their own. */
export interface LoopsCell extends Cell {
  readonly kind: 'loops';
  readonly backend: 'wasm' | 'js';
  readonly optimizer: OptimizerName;
}

export interface TrainingCell extends Cell {
  readonly kind: 'training';
}

export interface BandwidthCell extends Cell {
  readonly kind: 'bandwidth';
}

export type StepTimeCell = StepCell | LoopsCell | TrainingCell | BandwidthCell;

/** Somebody who was timed. */
export interface Timed {
  readonly name: string;
  readonly rule: OptimizerName;
  readonly stateBytes: number;
  readonly version: string;
  readonly threads: number;
}

/** What was measured side by side, as it is stored. */
export interface TimedResult {
  readonly contestants: readonly Timed[];
  /** Without contestants where nobody could run here. */
  readonly comparison: StoredComparison;
  readonly differences: readonly WeightDifference[];
  /** Who was not here, and why. */
  readonly absences: Readonly<Record<string, string>>;
}

export interface BandwidthResult {
  /** GB/s by kind of pass: through this package's backend, and through PyTorch. Empty without. */
  readonly ours: Readonly<Record<string, number>>;
  readonly torch: Readonly<Record<string, number>>;
}

export type StepTimeResult =
  | (TimedResult & { readonly cell: StepCell | LoopsCell | TrainingCell; readonly parameters: number })
  | (BandwidthResult & { readonly cell: BandwidthCell });
