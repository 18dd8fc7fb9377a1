import { isDeepStrictEqual } from 'node:util';
import { metricKind } from './metric-kind.ts';
import type { StoredRun } from './stored-run.ts';

/** How many half-widths of the committed 95 % interval a mean may lie from the committed one. */
export const intervalFactor = 2;
/** How much slower than the committed run a timing may be on the same kind of machine. */
export const slowdownLimit = 1.25;

export interface HeldMetric {
  readonly metric: string;
  /** Undefined: the run has no such metric. */
  readonly value: number | undefined;
  readonly committed: number | undefined;
  /** What the value may be; undefined where it is held to nothing. */
  readonly low?: number;
  readonly high?: number;
  readonly state: 'inside' | 'outside' | 'not held';
  /** Why it is not held, or what the band is. */
  readonly why: string;
}

type Held = Pick<HeldMetric, 'low' | 'high' | 'why'> | { readonly notHeld: string };

/**
 * Holds every metric of a run against the committed one. With an interval: the mean ± {@link intervalFactor} half-widths, room for the
 * error of a second run. Times and rates: at most {@link slowdownLimit} times slower, on the same kind of machine only. Whole numbers:
 * the same. Other numbers: the same to six digits. What measures noise is shown and not held.
 */
export function holdAgainstBand(run: StoredRun, committed: StoredRun): HeldMetric[] {
  const found = run.summary.metrics;
  const known = committed.summary.metrics;
  const names = [...new Set([...Object.keys(known), ...Object.keys(found)])];
  const machine = sameMachine(run, committed);
  const samePeers = isDeepStrictEqual(run.settings.peers ?? null, committed.settings.peers ?? null);
  return names
    .filter((name) => !isBound(name, known) && !isBound(name, found))
    .map((metric): HeldMetric => {
      const value = found[metric];
      const reference = known[metric];
      const shown = { metric, value, committed: reference };
      if (reference === undefined) return { ...shown, state: 'not held', why: 'not in the committed report' };
      const band = bandOf(metric, known, machine);
      if ('notHeld' in band) return { ...shown, state: 'not held', why: band.notHeld };
      if (value === undefined && !samePeers)
        return { ...shown, state: 'not held', why: 'run with other peers' };
      const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = band;
      const inside = value !== undefined && value >= low && value <= high;
      return { ...shown, ...band, state: inside ? 'inside' : 'outside' };
    });
}

/** Processor, cores, backend and threads: what timings depend on most. */
export function sameMachine(a: StoredRun, b: StoredRun): boolean {
  const kind = ({ environment, summary }: StoredRun) => {
    const backend = environment.backend as { threads?: unknown; nativeKernels?: unknown } | null | undefined;
    return [environment.cpu, environment.cores, summary.backend, backend?.threads, backend?.nativeKernels];
  };
  return isDeepStrictEqual(kind(a), kind(b));
}

/** True for `loss.low` and `loss.high` beside `loss`: they are its interval. */
export function isBound(name: string, metrics: Readonly<Record<string, number>>): boolean {
  const base = /^(.*)\.(low|high)$/.exec(name)?.[1];
  return base !== undefined && metrics[base] !== undefined;
}

function bandOf(metric: string, known: Readonly<Record<string, number>>, machine: boolean): Held {
  const committed = known[metric] as number;
  const kind = metricKind(metric);
  if (kind === 'noise') return { notHeld: 'how it was measured' };
  if (kind !== 'value' && !machine) return { notHeld: 'a timing, on another kind of machine' };
  if (kind === 'time') return { high: committed * slowdownLimit, why: `at most ${slowdownLimit} × as long` };
  if (kind === 'rate') return { low: committed / slowdownLimit, why: `at most ${slowdownLimit} × slower` };
  const [low, high] = [known[`${metric}.low`], known[`${metric}.high`]];
  if (low !== undefined && high !== undefined) {
    const why = `mean ± ${intervalFactor} half-widths`;
    return {
      low: committed - intervalFactor * (committed - low),
      high: committed + intervalFactor * (high - committed),
      why,
    };
  }
  if (Number.isInteger(committed)) return { low: committed, high: committed, why: 'the same' };
  const room = Math.abs(committed) * 1e-6;
  return { low: committed - room, high: committed + room, why: 'the same to six digits' };
}
