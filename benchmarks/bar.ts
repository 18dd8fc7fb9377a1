import type { Verdict } from '../src/experiment/experiment.ts';

/** One condition of a claim. */
export interface Bar {
  readonly metric: string;
  /** The metric must not be less. */
  readonly atLeast?: number;
  /** The metric must not be more. */
  readonly atMost?: number;
}

/**
 * Holds the metrics against the bars: `not met` if any that was measured is missed, `not tested` if the timings are not
 * valid or a bar was not measured, else `met`.
 *
 * @param invalid why the timings stand for nothing; undefined if they are valid
 */
export function judge(
  bars: readonly Bar[],
  metrics: Readonly<Record<string, number>>,
  invalid: string | undefined,
): { verdict: Verdict; reason: string } {
  if (invalid !== undefined) return { verdict: 'not tested', reason: invalid };
  const missing = bars.filter(({ metric }) => metrics[metric] === undefined);
  const measured = bars.filter(({ metric }) => metrics[metric] !== undefined);
  const missed = measured.filter((bar) => !isMet(bar, metrics[bar.metric] as number));
  const say = (list: readonly Bar[]) =>
    list.map((bar) => sentence(bar, metrics[bar.metric] as number)).join(', ');
  if (missed.length > 0) return { verdict: 'not met', reason: `Missed: ${say(missed)}.` };
  if (missing.length > 0) {
    const met = measured.length > 0 ? ` Met: ${say(measured)}.` : '';
    return {
      verdict: 'not tested',
      reason: `Not measured: ${missing.map(({ metric }) => metric).join(', ')}.${met}`,
    };
  }
  return { verdict: 'met', reason: `${say(measured)}.` };
}

function isMet({ atLeast, atMost }: Bar, value: number): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

function sentence({ metric, atLeast, atMost }: Bar, value: number): string {
  return `${metric} ${value.toPrecision(3)} (${atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`})`;
}
