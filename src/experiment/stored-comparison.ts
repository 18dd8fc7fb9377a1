import type { Comparison, Sample, Timing } from './timer.ts';

/** A Comparison as JSON can hold it: what cannot be told is null. */
export interface StoredComparison {
  readonly timings: Readonly<Record<string, Timing>>;
  readonly samples: readonly (Omit<Sample, 'others'> & { readonly others: number | null })[];
  readonly valid: boolean;
  readonly others: number | null;
}

export function storeComparison({ timings, samples, valid, others }: Comparison): StoredComparison {
  return {
    timings: Object.fromEntries(timings),
    samples: samples.map((sample) => ({ ...sample, others: finiteOrNull(sample.others) })),
    valid,
    others: finiteOrNull(others),
  };
}

export function restoreComparison({ timings, samples, valid, others }: StoredComparison): Comparison {
  return {
    timings: new Map(Object.entries(timings)),
    samples: samples.map((sample) => ({ ...sample, others: sample.others ?? Number.NaN })),
    valid,
    others: others ?? Number.NaN,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
