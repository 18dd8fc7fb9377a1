import type { Cell } from '../../src/experiment/cells.ts';
import type { Way } from './ways.ts';

export interface DistillationCell extends Cell {
  readonly seed: number;
}

/** A teacher, a supernet and all students for each seed. */
export function distillationCells(seeds: readonly number[]): DistillationCell[] {
  return seeds.map((seed) => ({ id: `seed${seed}`, seed }));
}

/** A trained student on the dev set. */
export interface StudentResult {
  readonly way: Way;
  /** Its budget. */
  readonly epochs: number;
  readonly score: number;
  /** Head included. */
  readonly parameters: number;
  /** Of its training, without the supernet's. */
  readonly seconds: number;
  readonly failure: string | null;
}

export interface DistillationResult {
  readonly teacher: { readonly score: number; readonly parameters: number; readonly seconds: number };
  readonly pretrainingSeconds: number;
  readonly students: readonly StudentResult[];
  /** Of the student, reading the dev set, against the teacher in the same process. */
  readonly timesFaster: number;
  /** Of each layer. */
  readonly expressions: readonly string[];
  /** Folder with the models; null: nothing was written. */
  readonly saved: string | null;
}
