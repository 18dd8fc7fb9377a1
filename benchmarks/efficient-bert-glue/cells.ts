import type { GlueMetric } from '../../src/data/glue/tasks.ts';
import type { Cell } from '../../src/experiment/cells.ts';

export interface GlueCell extends Cell {
  readonly seed: number;
}

export function glueCells(task: string, seeds: readonly number[]): GlueCell[] {
  return seeds.map((seed) => ({ id: `${task.toLowerCase()}-seed${seed}`, seed }));
}

export interface GlueCurvePoint {
  /** Steps done. */
  readonly step: number;
  /** Mean training loss since the point before. */
  readonly training: number;
  /** On the dev set: loss, and the metric that selects. */
  readonly loss: number;
  readonly selection: number;
}

export interface GlueResult {
  /** Null if it came to its end; else where the loss stopped being a number. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly curve: readonly GlueCurvePoint[];
  /** The evaluation that did best; null where there was none. */
  readonly best: {
    readonly step: number;
    readonly metrics: Readonly<Partial<Record<GlueMetric, number>>>;
    readonly selection: number;
    readonly loss: number;
  } | null;
  /** Of the dev set by the best weights, beside the line of the file and the label there. */
  readonly predictions: readonly {
    readonly line: number;
    readonly label: number;
    readonly prediction: number;
  }[];
  readonly steps: number;
  readonly seconds: number;
  readonly parameters: number;
  readonly trainingExamples: number;
  /** Damaged rows that were left out. */
  readonly skippedRows: number;
  readonly origin: string;
  /** Folder with model, predictions and submission; null: nothing was written. */
  readonly saved: string | null;
}

export type GlueResults = ReadonlyMap<string, GlueResult>;
