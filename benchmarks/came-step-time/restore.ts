import { restoreComparison } from '../../src/experiment/stored-comparison.ts';
import type { Comparison, Timing } from '../../src/experiment/timer.ts';
import type {
  BandwidthResult,
  LoopsCell,
  StepCell,
  StepTimeResult,
  TimedResult,
  TrainingCell,
} from './results.ts';

/** A result of timed contestants as it was measured. */
export type RestoredResult = Omit<TimedResult, 'comparison'> & {
  readonly cell: StepCell | LoopsCell | TrainingCell;
  readonly parameters: number;
  readonly comparison: Comparison;
};

export interface Restored {
  readonly results: readonly RestoredResult[];
  /** GB/s. */
  readonly bandwidth: Bandwidth;
}

export interface Bandwidth {
  readonly passes: Readonly<Record<string, number>>;
  /** Of the best kind of pass; undefined where none was measured. */
  readonly best: number | undefined;
  /** Of a = b + s·c in PyTorch, STREAM's triad. */
  readonly triad: number | undefined;
}

export function restore(stored: readonly StepTimeResult[]): Restored {
  const results: RestoredResult[] = [];
  let bandwidth: BandwidthResult = { ours: {}, torch: {} };
  for (const result of stored) {
    if ('comparison' in result) results.push({ ...result, comparison: restoreComparison(result.comparison) });
    else bandwidth = result;
  }
  return { results, bandwidth: summarise(bandwidth) };
}

function summarise({ ours, torch }: BandwidthResult): Bandwidth {
  const prefixed = (prefix: string, passes: Readonly<Record<string, number>>) =>
    Object.entries(passes).map(([pass, value]) => [`${prefix}.${pass}`, value] as const);
  const passes = Object.fromEntries([...prefixed('ours', ours), ...prefixed('torch', torch)]);
  const values = Object.values(passes);
  return { passes, best: values.length > 0 ? Math.max(...values) : undefined, triad: torch.triad };
}

/** @throws Error where the contestant was not timed */
export function timingOf({ comparison }: Pick<RestoredResult, 'comparison'>, name: string): Timing {
  const timing = comparison.timings.get(name);
  if (timing === undefined) throw new Error(`${name} was not timed`);
  return timing;
}
