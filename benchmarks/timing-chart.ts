import type { Chart } from '../src/experiment/chart.ts';
import type { Timing } from '../src/experiment/timer.ts';

interface TimingChart {
  readonly name: string;
  readonly title: string;
  /** What one bar is the time of. */
  readonly what: string;
  readonly timings: ReadonlyMap<string, Timing>;
}

/** Median times as points, on a logarithmic scale since contestants may be a hundred times apart, and minima as ticks. */
export function timingChart({ name, title, what, timings }: TimingChart): Chart {
  const values = [...timings].map(([contestant, { median, minimum }]) => ({ contestant, median, minimum }));
  const y = { field: 'contestant', type: 'nominal', title: null, sort: { field: 'median' } } as const;
  const scale = { type: 'log' } as const;
  return {
    name,
    title,
    description: `Median time of one ${what} by contestant, in milliseconds on a logarithmic scale; ticks are the minima. Shorter is better.`,
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: 'point', filled: true, size: 80, tooltip: true },
          encoding: { y, x: { field: 'median', type: 'quantitative', title: 'ms', scale } },
        },
        { mark: { type: 'tick' }, encoding: { y, x: { field: 'minimum', type: 'quantitative', scale } } },
      ],
    },
  };
}
