import type { Cell } from '../../src/experiment/cells.ts';
import type { StoredComparison } from '../../src/experiment/stored-comparison.ts';
import type { FineTuningConfig } from './config.ts';

/** `step` times the steps of both; the others train, each one seed. */
export interface FineTuningCell extends Cell {
  readonly what: 'step' | 'ours' | 'pytorch';
  readonly seed: number;
}

export function fineTuningCells({ trainPeer }: FineTuningConfig, seeds: readonly number[]): FineTuningCell[] {
  const trained = (what: 'ours' | 'pytorch') =>
    seeds.map((seed): FineTuningCell => ({ id: `${what}-seed${seed}`, what, seed }));
  return [
    { id: 'step', what: 'step', seed: 0 },
    ...trained('ours'),
    ...(trainPeer ? trained('pytorch') : []),
  ];
}

export interface CurvePoint {
  /** Steps done. */
  readonly step: number;
  /** Mean training loss since the point before. */
  readonly training: number;
  /** On the dev set. */
  readonly loss: number;
  /** Share of the dev set that is right. */
  readonly accuracy: number;
}

export interface TrainingResult {
  readonly what: 'ours' | 'pytorch';
  /** Why there is nothing; else null. */
  readonly absent: string | null;
  /** Null if it came to its end; else where the loss stopped being a number. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly curve: readonly CurvePoint[];
  readonly steps: number;
  readonly seconds: number;
  readonly trainingExamples: number;
  /** Damaged rows that were left out. */
  readonly skippedRows: number;
  /** Of the first weights, or PyTorch's version. */
  readonly origin: string;
}

/** A training and whose it is. */
export interface Trained extends TrainingResult {
  readonly seed: number;
}

/** Share of the dev set right after the last step; undefined where it was not reached. */
export function finalAccuracy({ absent, diverged, curve }: TrainingResult): number | undefined {
  return absent === null && diverged === null ? curve.at(-1)?.accuracy : undefined;
}

export const OURS = 'captured';
export const PYTORCH = 'PyTorch';

export interface StepResult {
  readonly what: 'step';
  /** Whether a step of ours is a graph: only the tensorflow backend has them. */
  readonly captured: boolean;
  readonly parameters: number;
  /** Contestants are `captured` and `PyTorch`. */
  readonly comparison: StoredComparison;
  /** PyTorch's version and form; null without. */
  readonly torch: string | null;
  /** Largest relative difference of PyTorch's first losses without dropout from ours; null without. */
  readonly difference: number | null;
  /** Why PyTorch was not timed; else null. */
  readonly absent: string | null;
}

export type FineTuningResult = TrainingResult | StepResult;
