import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import { heatMap } from '../../src/experiment/heat-map.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import { isConvolutional, titleOf } from '../cdape-training/encodings.ts';
import { accuracies, type Entrant } from './outcome.ts';

export function accuracyChart(entrants: readonly Entrant[]): Chart {
  const points = entrants.flatMap((entrant) =>
    (entrant.results[0]?.tests ?? []).map(
      ({ pairs }): CurvePoint => ({
        contestant: titleOf(entrant.encoding),
        x: pairs,
        y: meanInterval(accuracies(entrant, pairs).map((share) => 100 * share)),
      }),
    ),
  );
  return curveChart(
    {
      name: 'recall',
      title: 'Values recalled against the number of pairs',
      description:
        'Mean accuracy over seeds; the bands are 95 % intervals. With the convolution one layer finds the value after the ' +
        'matching key, at any length; without it a layer can only guess among the values that it has seen.',
    },
    { x: 'pairs', y: 'recalled, %', logarithmic: true, tickFormat: 'd', points: true },
    points,
  );
}

/** The last query's scores in the first seed's example, of the first encoding with convolution. */
export function exampleCharts(entrants: readonly Entrant[]): Chart[] {
  const entrant = entrants.find(({ encoding }) => isConvolutional(encoding));
  const example = entrant?.results[0]?.example;
  if (entrant === undefined || !example) return [];
  const { tokens, match, heads } = example;
  const columns = tokens.map((token, at) => `${at} ${token}`);
  const rows = heads.flatMap(({ before, after }, head) => [
    { name: `head ${head}, before f`, values: before },
    { name: `head ${head}, after f`, values: after },
  ]);
  return [
    heatMap(
      {
        name: 'shift',
        title: `Scores of the last query: ${titleOf(entrant.encoding)}`,
        description:
          `Scores that the last query gives to each key, before the convolution (S + P) and after it (A). The key that matches ` +
          `stands at ${match}, its value at ${match + 1}. What stands out before, high or low, does so at the matching key; ` +
          'what stands out after, one key on.',
      },
      { x: 'key', y: 'head', colour: 'score', diverging: true },
      { columns, rows },
    ),
  ];
}
