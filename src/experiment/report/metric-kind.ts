/**
 * What a metric's name says of it: `time`: less is better, and it depends on the machine; `rate`: more is better, likewise (speeds,
 * and ratios of times); `noise`: says how something else was measured, or is rounding, and is held to nothing; `value`: the rest.
 */
export type MetricKind = 'time' | 'rate' | 'noise' | 'value';

const noise = /(^|\.)mad[A-Z]|othersShare|(^|\.)rss\.|(loss|weight)Difference|(^|\.)threads$/;
const time = /(^|\.)ms$|Ms$|([sS]econds|[mM]inutes)$|(^|\.)ns[A-Z]|nsPer/;
const rate = /PerSecond|speedup|flops|gbps|(peak|bandwidth)Share/i;

export function metricKind(name: string): MetricKind {
  if (noise.test(name)) return 'noise';
  if (rate.test(name)) return 'rate';
  return time.test(name) ? 'time' : 'value';
}
