import type { Cell } from '../../src/experiment/cells.ts';

/** One training run from the initial weights to the last step. */
export interface TrainingCell extends Cell {
  /** Of experiments that compare under several circumstances: which of them. */
  readonly study?: string;
  readonly contestant: string;
  readonly learningRate: number;
  readonly seed: number;
}

export interface CurveEntry {
  /** Steps done. */
  readonly step: number;
  /** Mean training loss since the entry before, nats for each token. */
  readonly loss: number;
  /** Validation loss after the step. */
  readonly validation: number;
}

export interface CellResult {
  /** Null if it came to its end; else where the loss stopped being a number. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly curve: readonly CurveEntry[];
  readonly parameters: number;
  /** Bytes that the optimizer holds between steps. */
  readonly stateBytes: number;
  /** Of the steps after the first, evaluation apart; 0 if there were none. */
  readonly stepsPerSecond: number;
}

export type Results = ReadonlyMap<string, CellResult>;

export function trainingCell(
  study: string | undefined,
  contestant: string,
  learningRate: number,
  seed: number,
): TrainingCell {
  const prefix = study === undefined ? '' : `${study}-`;
  return {
    id: `${prefix}${contestant}-lr${learningRate}-seed${seed}`,
    ...(study !== undefined && { study }),
    contestant,
    learningRate,
    seed,
  };
}

/** Infinity for a run that diverged. */
export function finalLoss(result: CellResult | undefined): number {
  if (result === undefined || result.diverged !== null) return Number.POSITIVE_INFINITY;
  return result.curve.at(-1)?.validation ?? Number.POSITIVE_INFINITY;
}
