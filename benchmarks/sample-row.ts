import type { Sample } from '../src/experiment/timer.ts';

/** One timed step as a row of metrics.csv. */
export function sampleRow(sample: Sample): Record<string, string | number> {
  return {
    contestant: sample.contestant,
    round: sample.round,
    ms: sample.ms,
    others: Number.isNaN(sample.others) ? '' : sample.others,
    disturbed: sample.disturbed ? 1 : 0,
  };
}
