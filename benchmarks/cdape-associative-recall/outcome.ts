import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { CellsPlan, Outcome, Verdict } from '../../src/experiment/experiment.ts';
import { encodingCells } from '../cdape-training/cells.ts';
import { chosenEncodings, isConvolutional, titleOf } from '../cdape-training/encodings.ts';
import { accuracyChart, exampleCharts } from './charts.ts';
import type { RecallConfig } from './config.ts';
import { metricsOf, rowsOf } from './metrics.ts';
import type { RecallResult } from './result.ts';
import { accuracyTable, shiftTable } from './tables.ts';

export type Plan = CellsPlan<RecallConfig>;
export type Results = ReadonlyMap<string, RecallResult>;

/** What the cells of one encoding say, seed by seed. */
export interface Entrant {
  readonly encoding: PositionEncodingName;
  readonly results: readonly RecallResult[];
}

/** Every cell is there. */
export function outcome(plan: Plan, results: Results): Outcome {
  const entrants = entrantsOf(plan, results);
  return {
    ...judge(plan.config, entrants),
    metrics: metricsOf(entrants),
    tables: [accuracyTable(plan, entrants), shiftTable(entrants)],
    charts: [accuracyChart(entrants), ...exampleCharts(entrants)],
    rows: rowsOf(entrants, plan.seeds),
  };
}

export function entrantsOf({ config, seeds }: Plan, results: Results): Entrant[] {
  return chosenEncodings(config.encodings).map((encoding) => ({
    encoding,
    results: encodingCells([encoding], seeds).map(({ id }) => results.get(id) as RecallResult),
  }));
}

/** The share that was right at so many pairs, by seed; 0 for a run that diverged. */
export function accuracies({ results }: Pick<Entrant, 'results'>, pairs: number): number[] {
  return results.map(({ tests }) => {
    const test = tests.find((one) => one.pairs === pairs);
    return test === undefined ? 0 : test.right / test.sequences;
  });
}

/** By the worst seed of CDAPE and the best of its rivals. */
export function judge(
  config: RecallConfig,
  entrants: readonly Entrant[],
): { readonly verdict: Verdict; readonly reason: string } {
  const { reach, reachPairs, ceiling, ceilingPairs } = config;
  const methods = entrants.filter(({ encoding }) => isConvolutional(encoding));
  const rivals = entrants.filter(({ encoding }) => !isConvolutional(encoding));
  if (methods.length === 0 || rivals.length === 0) {
    return {
      verdict: 'not tested',
      reason: 'The claim needs an encoding with convolution, and one without.',
    };
  }
  const worst = extreme(methods, reachPairs, Math.min);
  const best = extreme(rivals, ceilingPairs, Math.max);
  const seeds = entrants[0]?.results.length ?? 0;
  const found =
    `At ${reachPairs} pairs ${worst.title} has ${percent(worst.value)} right at its worst of ${seeds} seeds ` +
    `(at least ${percent(reach)}); at ${ceilingPairs} pairs the best of the others, ${best.title}, ` +
    `${percent(best.value)} (at most ${percent(ceiling)}).`;
  return { verdict: worst.value >= reach && best.value <= ceiling ? 'met' : 'not met', reason: found };
}

function extreme(
  entrants: readonly Entrant[],
  pairs: number,
  pick: (...values: number[]) => number,
): { readonly title: string; readonly value: number } {
  const all = entrants.map((entrant) => ({
    title: titleOf(entrant.encoding),
    value: pick(...accuracies(entrant, pairs)),
  }));
  return all.reduce((one, other) => (pick(one.value, other.value) === one.value ? one : other));
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
