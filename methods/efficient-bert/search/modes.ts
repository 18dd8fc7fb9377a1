import type { TuningSettings } from './tuned-classifier.ts';

/** What differs between a search as the authors' code does it and one with its quirks mended; see the README's Differences. */
export interface SearchManner {
  /** Sizes by the authors' table in ten-thousandths of a million, or exact. */
  readonly parameterUnit: number;
  /** Of the first stage: which plain architectures are scored first. Others, inside the window or not, only seed mutation. */
  readonly starts: 'first' | 'all in the window';
  /** After too many draws outside the window: the last one as it is, or none. */
  readonly outsideWindow: 'propose' | 'refuse';
  /** Legal trees whose widths fit no matrix product: proposed, to fail in training, or refused. */
  readonly unbuildable: 'propose' | 'refuse';
  /** Share of the proposals that change one of the best candidates so far; the others start from the rows of the stage. */
  readonly fromBest: number;
  /** How many are the best. */
  readonly best: number;
  /** Share of the proposals that the partition does not filter. */
  readonly exploration: number;
  readonly equalScores: 'fail' | 'leaf';
  readonly duplicates: DuplicateManner;
  readonly tuning: TuningSettings;
}

export interface DuplicateManner {
  readonly key: 'rounded sum' | 'significant digits';
  readonly precision: 'float64' | 'float32';
  readonly rows: number;
  /** H of the fixed matrices; the model's where undefined. */
  readonly width: number | undefined;
  /** Their standard deviation is 1, or 1/√H. */
  readonly scaled: boolean;
}

export const SEARCH_MODES = {
  faithful: {
    parameterUnit: 100,
    starts: 'first',
    outsideWindow: 'propose',
    unbuildable: 'propose',
    fromBest: 0,
    best: 0,
    exploration: 0,
    equalScores: 'fail',
    duplicates: {
      key: 'rounded sum',
      precision: 'float32',
      rows: 10 * 128,
      width: undefined,
      scaled: false,
    },
    tuning: {
      configurations: 10,
      rounds: 100,
      minRows: 20,
      minHessian: [0.5, 10],
      validationShare: 0.2,
      sameEachTime: true,
      unskilled: 'fit again',
    },
  },
  mended: {
    parameterUnit: 1,
    starts: 'all in the window',
    outsideWindow: 'refuse',
    unbuildable: 'refuse',
    fromBest: 0.5,
    best: 10,
    exploration: 0.1,
    equalScores: 'leaf',
    duplicates: { key: 'significant digits', precision: 'float64', rows: 16, width: 12, scaled: true },
    tuning: {
      configurations: 10,
      rounds: 100,
      minRows: 3,
      minHessian: [0.25, 2],
      validationShare: 0.2,
      sameEachTime: false,
      unskilled: 'filter nothing',
    },
  },
} as const satisfies Record<string, SearchManner>;

export type SearchMode = keyof typeof SEARCH_MODES;
