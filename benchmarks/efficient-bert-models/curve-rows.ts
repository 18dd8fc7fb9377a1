import type { FineTuningPoint } from '../../src/tasks/index.ts';

/** Learning curves as rows of `metrics.csv`. */
export function curveRows(
  cells: readonly { readonly id: string; readonly seed: number }[],
  results: readonly { readonly curve: readonly FineTuningPoint[] }[],
): Readonly<Record<string, string | number>>[] {
  return cells.flatMap(({ id, seed }, i) =>
    (results[i]?.curve ?? []).map(({ step, training, loss, selection }) => ({
      cell: id,
      seed,
      step,
      training,
      loss,
      selection,
    })),
  );
}
