import type { Cell } from '../../src/experiment/cells.ts';

export interface SearchCell extends Cell {
  readonly seed: number;
}

/** A whole pipeline for each seed. */
export function searchCells(seeds: readonly number[]): SearchCell[] {
  return seeds.map((seed) => ({ id: `seed${seed}`, seed }));
}

/** Of one candidate, as the journal has it. */
export interface JournalEntry {
  readonly candidate: number;
  readonly origin: string;
  readonly expressions: readonly string[];
  readonly parameters: number;
  readonly score: number;
  readonly seconds: number;
  readonly failure: string | null;
}

export const STAGES = ['stage-1', 'stage-2', 'stage-3'] as const;

export interface StageJournal {
  readonly name: (typeof STAGES)[number] | 'random';
  readonly entries: readonly JournalEntry[];
  /** Expressions of its best candidate. */
  readonly winner: readonly string[];
}

/** A model on the dev set. */
export interface Scored {
  readonly score: number;
  /** Head included. */
  readonly parameters: number;
  readonly seconds: number;
  readonly failure: string | null;
}

export interface SearchResult {
  readonly teacher: Scored;
  readonly stages: readonly StageJournal[];
  /** Null where none was wanted. */
  readonly random: StageJournal | null;
  /** Expressions of the found architecture. */
  readonly found: readonly string[];
  /** Of all trained candidates of this process: what recording their steps took of their time. Null: none was trained. */
  readonly recordingShare: number | null;
  /** The found student by warm-up distillation, and on labels alone; the random search's best by warm-up distillation. */
  readonly student: Scored;
  readonly scratch: Scored;
  readonly randomStudent: Scored | null;
  /** Of pre-training the supernet. */
  readonly pretrainingSeconds: number;
  /** Folder with model and journals; null: nothing was written. */
  readonly saved: string | null;
}
