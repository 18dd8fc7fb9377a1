import { stringify } from 'csv-stringify/sync';
import { EXPANSION_RATIOS } from '../expression.ts';
import { parseExpression } from '../expression-parser.ts';
import type { SearchState } from './search.ts';
import { sizeOf } from './sizes.ts';

export const JOURNAL_COLUMNS = [
  'candidate',
  'stage',
  'origin',
  'expressions',
  'stacking',
  'ratio',
  'parameters',
  'score',
  'seconds',
  'failure',
] as const;

export type JournalRow = Readonly<Record<(typeof JOURNAL_COLUMNS)[number], string | number>>;

/** One row for each scored candidate, in the order of proposal. Lists have blanks between the layers; ratios read 1, 1/2, … */
export function journalRows({ problem, scored }: SearchState): JournalRow[] {
  return scored.map(({ index, origin, expressions, parameters, score, seconds, failure }) => {
    const sizes = expressions.map((text) => sizeOf(parseExpression(text)));
    return {
      candidate: index,
      stage: problem.stage,
      origin,
      expressions: expressions.join(' '),
      stacking: sizes.map((size) => size?.stackedFfn).join(' '),
      ratio: sizes.map((size) => ratioName(size?.expansionRatio)).join(' '),
      parameters,
      score,
      seconds,
      failure: failure ?? '',
    };
  });
}

/** The journal as a CSV file with a header. */
export function journalCsv(state: SearchState): string {
  return stringify(journalRows(state), { header: true, columns: [...JOURNAL_COLUMNS] });
}

function ratioName(ratio: number | undefined): string {
  const divisor = ratio === undefined ? 0 : EXPANSION_RATIOS.indexOf(ratio) + 1;
  return divisor === 1 ? '1' : `1/${divisor}`;
}
