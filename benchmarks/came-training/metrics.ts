import { type Interval, meanInterval } from '../../src/experiment/statistics.ts';
import type { Results } from './cells.ts';
import { bytesOf, type Standing, speed } from './comparison.ts';
import type { Concluded } from './study.ts';

/** Metrics of every contestant, each under its name behind `prefix`. */
export function studyMetrics(
  { trials }: Concluded,
  standings: readonly Standing[],
  prefix = '',
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const standing of standings) {
    const { contestant, learningRate, losses, results, comparison, diverged, steps, seconds } = standing;
    const key = `${prefix}${contestant}`;
    const own = trials.get(contestant) ?? [];
    const finite = losses.filter(Number.isFinite);
    found[`${key}.learningRate`] = learningRate;
    found[`${key}.trials`] = own.length;
    found[`${key}.stateBytes`] = bytesOf(standing);
    found[`${key}.diverged`] = diverged;
    put(found, `${key}.stepsPerSecond`, speed(results) || undefined);
    if (finite.length > 0) Object.assign(found, spread(`${key}.loss`, meanInterval(finite)));
    if (comparison !== undefined) Object.assign(found, spread(`${key}.difference`, comparison.difference));
    // Quartiles, for want of an interval: a number without one would have to be the same on every machine.
    if (steps?.lowerQuartile !== undefined && steps.upperQuartile !== undefined) {
      put(found, `${key}.stepsToTarget`, steps.median);
      found[`${key}.stepsToTarget.low`] = steps.lowerQuartile;
      found[`${key}.stepsToTarget.high`] = steps.upperQuartile;
    }
    put(found, `${key}.targetSeconds`, seconds?.median);
  }
  return found;
}

/** `name`, and `name.low` and `name.high` where there is an interval. */
export function spread(name: string, { mean, low, high }: Interval): Record<string, number> {
  return { [name]: mean, ...(Number.isNaN(high) ? {} : { [`${name}.low`]: low, [`${name}.high`]: high }) };
}

/** Rows of metrics.csv: every point of every curve. */
export function curveRows(
  { tuningCells, finalCells }: Concluded,
  results: Results,
): Record<string, string | number>[] {
  const finals = new Set(finalCells.map(({ id }) => id));
  return [...tuningCells, ...finalCells].flatMap(({ id, study, contestant, learningRate, seed }) =>
    (results.get(id)?.curve ?? []).map(({ step, loss, validation }) => ({
      cell: id,
      stage: finals.has(id) ? 'final' : 'tuning',
      ...(study !== undefined && { study }),
      contestant,
      learningRate,
      seed,
      step,
      loss,
      validation,
    })),
  );
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
}

/** "+0.0123 nats (95 % interval +0.0100 to +0.0146, 5 paired seeds)". */
export function shownDifference({ mean, low, high, n }: Interval): string {
  if (Number.isNaN(high)) return `${signed(mean)} nats, from one seed, which has no interval`;
  return `${signed(mean)} nats (95 % interval ${signed(low)} to ${signed(high)}, ${n} paired seeds)`;
}

function put(found: Record<string, number>, key: string, value: number | undefined): void {
  if (value !== undefined && Number.isFinite(value)) found[key] = value;
}
