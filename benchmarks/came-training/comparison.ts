import {
  type Comparison,
  compareWithBaseline,
  type Interval,
  meanInterval,
  summariseTargetTimes,
  type TargetTimes,
  timeToTarget,
} from '../../src/experiment/statistics.ts';
import type { CellResult } from './cells.ts';
import type { Concluded, Finalist } from './study.ts';

/** A contestant held against the baseline. */
export interface Standing extends Finalist {
  /** Of the final losses; undefined if a run diverged. */
  readonly loss: Interval | undefined;
  /** Contestant − baseline, by seed; undefined for the baseline itself, and where a run of either diverged. */
  readonly comparison: Comparison | undefined;
  readonly diverged: number;
  /** To the target loss; undefined where there is none. */
  readonly steps: TargetTimes | undefined;
  /** Steps times the seconds that a step of the same run took. */
  readonly seconds: TargetTimes | undefined;
}

/**
 * Every finalist against the baseline.
 * @param target a loss; undefined where the baseline has none
 */
export function standings(
  { finalists }: Pick<Concluded, 'finalists'>,
  baseline: string,
  target: number | undefined,
): Standing[] {
  const whole = finalists.filter(({ losses }) => losses.every(Number.isFinite));
  const reference = whole.find(({ contestant }) => contestant === baseline);
  const others = new Map(
    whole
      .filter(({ contestant }) => contestant !== baseline)
      .map(({ contestant, losses }) => [contestant, losses]),
  );
  const comparisons = reference === undefined ? [] : compareWithBaseline(reference.losses, others);
  return finalists.map((finalist): Standing => {
    const { contestant, losses, results } = finalist;
    const times = target === undefined ? undefined : results.map((result) => timesToTarget(result, target));
    return {
      ...finalist,
      loss: losses.every(Number.isFinite) ? meanInterval(losses) : undefined,
      comparison: comparisons.find((comparison) => comparison.contestant === contestant),
      diverged: losses.filter((loss) => !Number.isFinite(loss)).length,
      steps: times && summariseTargetTimes(times.map((time) => time?.steps)),
      seconds: times && summariseTargetTimes(times.map((time) => time?.seconds)),
    };
  });
}

/** The mean of the baseline's final losses plus a margin that was fixed before; undefined if one of its runs diverged. */
export function targetLoss(
  { finalists }: Pick<Concluded, 'finalists'>,
  baseline: string,
  margin: number,
): number | undefined {
  const losses = finalists.find(({ contestant }) => contestant === baseline)?.losses ?? [];
  if (losses.length === 0 || !losses.every(Number.isFinite)) return undefined;
  return meanInterval(losses).mean + margin;
}

/** Steps and seconds until the validation loss is at the target; undefined if never. */
export function timesToTarget(
  { curve, stepsPerSecond }: CellResult,
  target: number,
): { readonly steps: number; readonly seconds: number | undefined } | undefined {
  const steps = timeToTarget(
    curve.map(({ step, validation }) => ({ x: step, y: validation })),
    target,
  );
  if (steps === undefined) return undefined;
  return { steps, seconds: stepsPerSecond > 0 ? steps / stepsPerSecond : undefined };
}

/** Mean over cells of steps per second, all steps of all cells weighing the same; 0 where none was timed. */
export function speed(results: readonly CellResult[]): number {
  const known = results.filter(({ stepsPerSecond }) => stepsPerSecond > 0);
  return known.length === 0
    ? 0
    : known.length / known.reduce((sum, result) => sum + 1 / result.stepsPerSecond, 0);
}

export function bytesOf({ results }: Pick<Finalist, 'results'>): number {
  return results[0]?.stateBytes ?? 0;
}
