import { meanInterval } from '../../src/experiment/statistics.ts';
import { spread } from '../came-training/metrics.ts';
import { accuracies, type Entrant } from './outcome.ts';
import { headShares } from './shares.ts';

export function metricsOf(entrants: readonly Entrant[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const entrant of entrants) {
    const { encoding, results } = entrant;
    for (const { pairs } of results[0]?.tests ?? [])
      Object.assign(found, spread(`${encoding}.pairs${pairs}`, meanInterval(accuracies(entrant, pairs))));
    const shares = headShares(results);
    if (shares !== undefined) {
      found[`${encoding}.onValueBefore`] = shares.valueBefore;
      found[`${encoding}.onValueAfter`] = shares.valueAfter;
    }
    found[`${encoding}.parameters`] = results[0]?.parameters ?? 0;
    found[`${encoding}.diverged`] = results.filter(({ diverged }) => diverged !== null).length;
  }
  return found;
}

/** Rows of metrics.csv: every test of every cell. */
export function rowsOf(
  entrants: readonly Entrant[],
  seeds: readonly number[],
): Record<string, string | number>[] {
  return entrants.flatMap(({ encoding, results }) =>
    results.flatMap(({ tests }, at) =>
      tests.map(({ pairs, sequences, right, frequent }) => ({
        encoding,
        seed: seeds[at] as number,
        pairs,
        sequences,
        right,
        frequent,
        accuracy: right / sequences,
      })),
    ),
  );
}
