import { meanInterval } from '../../src/experiment/statistics.ts';
import type { Cell, Table } from '../../src/experiment/table.ts';
import { count } from '../came-training/tables.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { accuracies, type Entrant, type Plan } from './outcome.ts';
import { headShares } from './shares.ts';

export function accuracyTable({ config, seeds }: Plan, entrants: readonly Entrant[]): Table {
  const { testPairs, trainPairs, values, layers, steps, testSequences, learningRate, finalShare } = config;
  const inPercent = (shares: readonly number[]) => meanInterval(shares.map((share) => 100 * share));
  const row = (entrant: Entrant): Cell[] => [
    titleOf(entrant.encoding),
    ...testPairs.map((pairs) => inPercent(accuracies(entrant, pairs))),
    entrant.results[0]?.parameters ?? null,
  ];
  const tests = entrants.map(({ results }) => results).find((own) => own.every(({ diverged }) => !diverged));
  const frequent: Cell[][] = tests
    ? [
        [
          'the most frequent value',
          ...testPairs.map((_, at) =>
            inPercent(
              tests.map((result) => {
                const test = result.tests[at];
                return test === undefined ? Number.NaN : test.frequent / test.sequences;
              }),
            ),
          ),
          null,
        ],
      ]
    : [];
  return {
    title: `Values recalled, in percent, by the number of pairs: ${count(layers, 'layer')}, ${count(seeds.length, 'seed')}`,
    columns: [
      { title: 'encoding' },
      ...testPairs.map((pairs) => ({ title: `${pairs}`, digits: 1 })),
      { title: 'parameters' },
    ],
    rows: [...entrants.map(row), ...frequent],
    note:
      `All of them trained alike, for ${steps} steps on sequences of ${trainPairs.join(', ')} pairs, the learning rate up to ` +
      `${learningRate}${finalShare === 1 ? '' : ` and then by a cosine to ${finalShare} of it`}. ± is a 95 % t interval over seeds; ` +
      `${testSequences} sequences for each seed and number of pairs. Chance is ${(100 / values).toFixed(2)} %.`,
  };
}

/** Where the last query looks, in the example of each seed. */
export function shiftTable(entrants: readonly Entrant[]): Table {
  return {
    title: 'Share of the last query’s attention, before the scores are processed and after',
    columns: [
      { title: 'encoding' },
      { title: 'matching key, before', digits: 3 },
      { title: 'its value, before', digits: 3 },
      { title: 'matching key, after', digits: 3 },
      { title: 'its value, after', digits: 3 },
    ],
    rows: entrants.map(({ encoding, results }) => {
      const shares = headShares(results);
      if (shares === undefined) return [titleOf(encoding), null, null, null, null];
      const { matchBefore, valueBefore, matchAfter, valueAfter } = shares;
      return [titleOf(encoding), matchBefore, valueBefore, matchAfter, valueAfter];
    }),
    note:
      'Softmax of S + P and of A, of the head that gives most to the value; means over one sequence for each ' +
      'seed. Before f a match may be a low score as well as a high one: f can turn it round.',
  };
}
