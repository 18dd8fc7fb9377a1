import { mean } from 'simple-statistics';
import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { Chart } from '../../src/experiment/chart.ts';
import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { heatMap } from '../../src/experiment/heat-map.ts';
import type { Table } from '../../src/experiment/table.ts';
import { encodingCells } from '../cdape-training/cells.ts';
import { chosenEncodings, titleOf } from '../cdape-training/encodings.ts';
import type { AttentionMapsConfig } from './config.ts';
import type { HeadMaps, MapsResult } from './result.ts';

type Context = Pick<OutcomeContext<AttentionMapsConfig>, 'config' | 'seeds' | 'preset'>;

interface Entrant {
  readonly encoding: PositionEncodingName;
  readonly seed: number;
  readonly result: MapsResult;
}

/** Every cell is there. */
export function outcome(context: Context, results: ReadonlyMap<string, MapsResult>): Outcome {
  const { config, seeds } = context;
  const cells = encodingCells(chosenEncodings(config.encodings), seeds);
  const entrants = cells.map(
    ({ id, encoding, seed }): Entrant => ({
      encoding,
      seed,
      result: results.get(id) as MapsResult,
    }),
  );
  const metrics: Record<string, number> = {};
  for (const encoding of chosenEncodings(config.encodings)) {
    const share = contentShare(entrants, encoding);
    if (share !== undefined) metrics[`${encoding}.contentShare`] = share;
  }
  return {
    ...judge(context, metrics[`${config.method}.contentShare`]),
    metrics,
    tables: [headTable(entrants)],
    charts: entrants.filter(({ seed }) => seed === seeds[0]).flatMap(mapCharts),
    rows: entrants.flatMap(({ encoding, seed, result }) =>
      result.heads.map(({ place, contentShare: share, added }) => ({
        encoding,
        seed,
        head: place,
        contentShare: share ?? '',
        added,
      })),
    ),
  };
}

/** Mean over seeds, layers and heads; undefined where nothing is added. */
function contentShare(entrants: readonly Entrant[], encoding: PositionEncodingName): number | undefined {
  const shares = entrants
    .filter((entrant) => entrant.encoding === encoding)
    .flatMap(({ result }) => result.heads.map((head) => head.contentShare))
    .filter((share) => share !== null);
  return shares.length === 0 ? undefined : mean(shares);
}

function judge(
  { config, preset }: Context,
  share: number | undefined,
): { readonly verdict: Verdict; readonly reason: string } {
  const method = titleOf(chosenEncodings([config.method])[0] as PositionEncodingName);
  if (share === undefined)
    return { verdict: 'not tested', reason: `${method} was not there, or adds nothing.` };
  const reason =
    `Of the variance of what ${method} adds, ${(100 * share).toFixed(1)} % lies within equal distances ` +
    `(at least ${(100 * config.contentShare).toFixed(1)} %).`;
  if (preset === 'smoke')
    return { verdict: 'not tested', reason: `The smoke preset is too short to tell. ${reason}` };
  return { verdict: share >= config.contentShare ? 'met' : 'not met', reason };
}

function headTable(entrants: readonly Entrant[]): Table {
  return {
    title: 'What is added to S + P, by layer and head',
    columns: [
      { title: 'encoding' },
      { title: 'seed', digits: 0 },
      { title: 'layer.head' },
      { title: 'deviation', digits: 3 },
      { title: '% within equal distances', digits: 1 },
    ],
    rows: entrants.flatMap(({ encoding, seed, result }) =>
      result.heads.map(({ place, added, contentShare: share }) => [
        titleOf(encoding),
        seed,
        place,
        added,
        share === null ? null : 100 * share,
      ]),
    ),
    note: 'Of A − (S + P) over all queries and the keys that they see, of one text. – where nothing is added.',
  };
}

function mapCharts({ encoding, result }: Entrant): Chart[] {
  return result.heads.flatMap((head) => {
    if (head.before === null || head.after === null) return [];
    const after = mapChart(encoding, result.tokens, head, 'after', head.after);
    // Where nothing is added there is one map only.
    return head.contentShare === null
      ? [after]
      : [mapChart(encoding, result.tokens, head, 'before', head.before), after];
  });
}

function mapChart(
  encoding: PositionEncodingName,
  tokens: readonly string[],
  { place }: HeadMaps,
  when: 'before' | 'after',
  map: readonly (readonly number[])[],
): Chart {
  const names = tokens.map((token, at) => `${at} ${token === '\n' ? '⏎' : token}`);
  const [layer, head] = place.split('.');
  const what = when === 'before' ? 'before f (S + P)' : 'after f (A)';
  return heatMap(
    {
      name: `map-${encoding}-${layer}-${head}-${when}`,
      title: `${titleOf(encoding)}, layer ${layer}, head ${head}: scores ${what}`,
      description:
        'One row for each query, from the first token down, one column for each key that it sees. What a distance alone decides runs along ' +
        'the diagonals.',
    },
    { x: 'key', y: 'query', colour: 'score', diverging: true },
    { columns: names, rows: map.map((values, i) => ({ name: names[i] as string, values })) },
  );
}
