import type { BestThreshold, SquadScores } from '../../src/data/squad/index.ts';
import type { Cell } from '../../src/experiment/cells.ts';

export interface SquadCell extends Cell {
  readonly seed: number;
}

export function squadCells(version: string, seeds: readonly number[]): SquadCell[] {
  return seeds.map((seed) => ({ id: `squad-${version.replace('.', '-')}-seed${seed}`, seed }));
}

/** What the answers were, of questions of one kind. */
export interface AnswerCounts {
  /** Word for word one of the accepted answers. */
  readonly exact: number;
  /** Some words of one. */
  readonly overlapping: number;
  readonly wrong: number;
  /** It was said that there is none. */
  readonly none: number;
}

/** A question of the dev set for the report. */
export interface Sample {
  readonly question: string;
  /** The accepted answers, each once; none where the context holds none. */
  readonly accepted: readonly string[];
  /** '' says that there is none. */
  readonly answer: string;
}

export interface SquadBest {
  readonly step: number;
  readonly selection: number;
  readonly loss: number;
  readonly scores: SquadScores;
  readonly answerable: SquadScores | null;
  readonly impossible: SquadScores | null;
  readonly spans: SquadScores | null;
  readonly best: { readonly exact: BestThreshold; readonly f1: BestThreshold } | null;
}

export interface SquadResult {
  /** Null if it came to its end; else where the loss stopped being a number. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly curve: readonly {
    /** Steps done. */
    readonly step: number;
    /** Mean training loss since the point before. */
    readonly training: number;
    /** On the dev set: loss, and mean of exact match and F1. */
    readonly loss: number;
    readonly selection: number;
  }[];
  /** The evaluation that did best; null where there was none. */
  readonly best: SquadBest | null;
  readonly counts: { readonly answerable: AnswerCounts; readonly impossible: AnswerCounts } | null;
  readonly samples: readonly Sample[];
  /** What needs no training, on the dev set: F1 in percent. */
  readonly untrained: {
    /** "No answer" to every question. */
    readonly nothing: number;
    /** To questions that have an answer, the sentence that shares most words with the question; null where there are none such. */
    readonly sentence: number | null;
  };
  readonly steps: number;
  readonly seconds: number;
  readonly parameters: number;
  readonly trainingQuestions: number;
  readonly trainingWindows: number;
  readonly devQuestions: number;
  /** Training questions whose answer is not in the words of their context. */
  readonly leftOut: number;
  /** Damaged records that were left out. */
  readonly skippedRecords: number;
  readonly origin: string;
  /** Folder with model and predictions; null: nothing was written. */
  readonly saved: string | null;
}

export type SquadResults = ReadonlyMap<string, SquadResult>;
