import { type Interval, meanInterval, pairedDifference } from '../../src/experiment/statistics.ts';
import { signed } from '../came-training/metrics.ts';
import type { ExtrapolationResult } from './result.ts';

/** What the cells of one contestant say, seed by seed. */
export interface Contestant {
  readonly title: string;
  readonly results: readonly ExtrapolationResult[];
}

/** Nats for each token at that length, by seed; undefined if one of the runs diverged, or its loss was not finite. */
export function lossesAt({ results }: Pick<Contestant, 'results'>, length: number): number[] | undefined {
  const losses = results.map(({ tests }) => tests.find((test) => test.length === length)?.loss ?? null);
  return losses.every((loss) => loss !== null) ? (losses as number[]) : undefined;
}

/** exp of the mean loss and of its interval's ends, which so stays above 0. */
export function perplexityAt(contestant: Pick<Contestant, 'results'>, length: number): Interval | undefined {
  const losses = lossesAt(contestant, length);
  if (losses === undefined) return undefined;
  const { mean, low, high, n } = meanInterval(losses);
  return { mean: Math.exp(mean), low: Math.exp(low), high: Math.exp(high), n };
}

/** Whether one contestant is better than another. */
export interface Step {
  /** Undefined for one seed, which has no interval. */
  readonly holds: boolean | undefined;
  readonly text: string;
}

/** By the difference of the losses, paired by seed: the logarithm of a ratio of perplexities. */
export function compareAt(better: Contestant, worse: Contestant, length: number): Step {
  const [a, b] = [better, worse].map((one) => lossesAt(one, length));
  const name = `${better.title} − ${worse.title}`;
  if (a === undefined) return { holds: false, text: `${name}: ${better.title} diverged` };
  if (b === undefined) return { holds: true, text: `${name}: ${worse.title} diverged` };
  const { mean, low, high } = pairedDifference(a, b);
  if (Number.isNaN(high)) return { holds: undefined, text: `${name} ${signed(mean)} (one seed)` };
  return { holds: high < 0, text: `${name} ${signed(mean)} (${signed(low)} to ${signed(high)})` };
}
