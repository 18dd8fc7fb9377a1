import type { Table } from '../../src/experiment/table.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import type { AttentionCostConfig } from './config.ts';
import type { EvaluationResult } from './result.ts';

const gibibyte = 2 ** 30;

/** A key of the metrics. */
export function evaluationKey({ length, evaluated }: Pick<EvaluationResult, 'length' | 'evaluated'>): string {
  return `evaluation.T${length}.${evaluated}`;
}

export function evaluationMetrics(results: readonly EvaluationResult[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const result of results) {
    const key = evaluationKey(result);
    found[`${key}.seconds`] = result.seconds;
    found[`${key}.gibibytes`] = result.peakBytes / gibibyte;
    if (result.difference !== null) found[`${key}.difference`] = result.difference;
  }
  return found;
}

/** What the claim says of the method: within so much memory at every length, and the same as all rows at once where that was done. */
export function evaluationBars({
  evaluationLengths,
  evaluationGibibytes,
  comparedLength,
  blockDifference,
}: AttentionCostConfig): { readonly metric: string; readonly atMost: number }[] {
  return evaluationLengths.flatMap((length) => {
    const key = evaluationKey({ length, evaluated: 'cdape-kerple' });
    const same = { metric: `${key}.difference`, atMost: blockDifference };
    const small = { metric: `${key}.gibibytes`, atMost: evaluationGibibytes };
    return length <= comparedLength ? [small, same] : [small];
  });
}

export function evaluationTable(results: readonly EvaluationResult[], config: AttentionCostConfig): Table {
  const { queryBlock, width, layers, heads, hiddenWidth, kernelSize } = config;
  return {
    title: `Logits of one sequence by blocks of ${queryBlock} query rows`,
    columns: [
      { title: 'encoding' },
      { title: 'T' },
      { title: 'seconds', digits: 2 },
      { title: 'peak GiB', digits: 2 },
      { title: 'largest difference from all rows at once' },
      { title: 'what' },
    ],
    rows: results.map(({ evaluated, length, seconds, peakBytes, difference, version }) => [
      titleOf(evaluated as Parameters<typeof titleOf>[0]),
      length,
      seconds,
      peakBytes / gibibyte,
      difference === null ? null : difference.toExponential(1),
      version,
    ]),
    note:
      `D ${width}, L ${layers}, H ${heads}, B 1, w ${hiddenWidth}, k ${kernelSize}, untrained. Peak: the most that the process ever held, ` +
      'the backend itself included.',
  };
}
