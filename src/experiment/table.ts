import type { Interval } from './statistics.ts';

/** Null: not measured. */
export type Cell = string | number | Interval | null;

export interface Column {
  readonly title: string;
  /** Digits after the point; numbers without it are shown to three significant digits. */
  readonly digits?: number;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the reader needs to read it: units, what ± means. */
  readonly note?: string;
}
