import { BYTES_PER_PARAMETER } from '../step-timing/bytes-per-parameter.ts';
import { FORMS } from './entrants.ts';
import type { Bandwidth, Restored, RestoredResult } from './restore.ts';
import { timingOf } from './restore.ts';
import type { StepCell, Timed } from './results.ts';

/** Flat, as `Outcome.metrics` has them. A speedup is another's time over one's own, in the same rounds. */
export function metricsOf({ results, bandwidth }: Restored): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const result of results) {
    const { cell } = result;
    if (cell.kind === 'step') Object.assign(metrics, stepMetrics(cell, result, bandwidth));
    if (cell.kind === 'loops') addLoops(metrics, `loops.${cell.backend}.${cell.optimizer}`, result);
    if (cell.kind === 'training') addTraining(metrics, result);
  }
  for (const [pass, value] of Object.entries(bandwidth.passes)) metrics[`bandwidth.${pass}.gbps`] = value;
  if (bandwidth.best !== undefined) metrics['bandwidth.gbps'] = bandwidth.best;
  const others = Math.max(...results.map(({ comparison }) => comparison.others).filter(Number.isFinite));
  if (Number.isFinite(others)) metrics['machine.othersShare'] = others;
  return metrics;
}

/** Bytes that one step must move over those that the memory could have moved in its time. */
export function shareOf(
  rule: Timed['rule'],
  ms: number,
  parameters: number,
  gigabytes: number | undefined,
): number | undefined {
  return gigabytes === undefined
    ? undefined
    : BYTES_PER_PARAMETER[rule] / bytesInTime(ms, parameters, gigabytes);
}

/** Bytes for each parameter that the memory could move in this time. */
export function bytesInTime(ms: number, parameters: number, gigabytes: number): number {
  return (ms * gigabytes * 1e6) / parameters;
}

function stepMetrics(
  { size, optimizer }: StepCell,
  result: RestoredResult,
  bandwidth: Bandwidth,
): Record<string, number> {
  const { contestants, comparison, differences, parameters } = result;
  const metrics: Record<string, number> = {};
  const key = `${size}.${optimizer}`;
  for (const { name, rule, stateBytes } of contestants) {
    const { median, minimum, mad } = timingOf(result, name);
    metrics[`${size}.parameters`] = parameters;
    metrics[`${key}.${name}.ms`] = median;
    metrics[`${key}.${name}.minimumMs`] = minimum;
    metrics[`${key}.${name}.madMs`] = mad;
    metrics[`${key}.${name}.nsPerParameter`] = (median * 1e6) / parameters;
    metrics[`${key}.${name}.stateBytesPerParameter`] = stateBytes / parameters;
    const share = shareOf(rule, median, parameters, bandwidth.best);
    if (share !== undefined) metrics[`${key}.${name}.bandwidthShare`] = share;
    const triadShare = shareOf(rule, median, parameters, bandwidth.triad);
    if (triadShare !== undefined) metrics[`${key}.${name}.triadBandwidthShare`] = triadShare;
    if (!(name in FORMS)) continue;
    for (const [other, timing] of comparison.timings) {
      if (other !== name) metrics[`${key}.${name}.speedup.${other}`] = timing.median / median;
    }
  }
  for (const { name, reference, difference } of differences) {
    metrics[`${key}.${reference}.weightDifference.${name}`] = difference;
  }
  return metrics;
}

function addLoops(metrics: Record<string, number>, key: string, { comparison }: RestoredResult): void {
  for (const [name, { median }] of comparison.timings) metrics[`${key}.${name}.ms`] = median;
  const [loops, operations] = [comparison.timings.get('in-place'), comparison.timings.get('eager')];
  if (loops && operations) metrics[`${key}.speedup`] = operations.median / loops.median;
}

function addTraining(metrics: Record<string, number>, { comparison }: RestoredResult): void {
  for (const [name, { median, mad }] of comparison.timings) {
    metrics[`training.${name}.ms`] = median;
    metrics[`training.${name}.madMs`] = mad;
  }
  const [came, adamw] = [comparison.timings.get('came'), comparison.timings.get('adamw')];
  if (came && adamw) metrics['training.came.speedup.adamw'] = adamw.median / came.median;
}
