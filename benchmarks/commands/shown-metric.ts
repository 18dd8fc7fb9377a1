import { shownNumber } from './shown-number.ts';

type Metrics = Readonly<Record<string, number>>;

/** The metric with its interval, where `<name>.high` says that it has one. */
export function shownMetric(name: string, metrics: Metrics): string {
  const width = halfWidth(name, metrics);
  const shown = shownNumber(metrics[name]);
  return Number.isNaN(width) ? shown : `${shown} ± ${shownNumber(width)}`;
}

/** Of its interval; NaN where it has none. */
export function halfWidth(name: string, metrics: Metrics): number {
  return (metrics[`${name}.high`] ?? Number.NaN) - (metrics[name] ?? Number.NaN);
}
