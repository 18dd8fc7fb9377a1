import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { type Interval, meanInterval, pairedDifference } from '../../src/experiment/statistics.ts';
import type { Cell, Table } from '../../src/experiment/table.ts';
import { signed, spread } from '../came-training/metrics.ts';
import { count } from '../came-training/tables.ts';
import { encodingCells } from '../cdape-training/cells.ts';
import { chosenEncodings, titleOf } from '../cdape-training/encodings.ts';
import type { ExtrapolationConfig } from './config.ts';
import type { ExtrapolationResult } from './result.ts';

type Plan = Pick<OutcomeContext<ExtrapolationConfig>, 'config' | 'seeds' | 'preset'>;

interface Entrant {
  readonly encoding: PositionEncodingName;
  readonly results: readonly ExtrapolationResult[];
}

/** Every cell is there. */
export function outcome(plan: Plan, results: ReadonlyMap<string, ExtrapolationResult>): Outcome {
  const { config, seeds } = plan;
  const entrants = chosenEncodings(config.encodings).map(
    (encoding): Entrant => ({
      encoding,
      results: encodingCells([encoding], seeds).map(({ id }) => results.get(id) as ExtrapolationResult),
    }),
  );
  return {
    ...judge(plan, entrants),
    metrics: metricsOf(config, entrants),
    tables: [perplexityTable(plan, entrants)],
    charts: [perplexityChart(config, entrants)],
    rows: entrants.flatMap(({ encoding, results: own }) =>
      own.flatMap(({ tests }, at) =>
        tests.map(({ length, loss, tokens }) => ({
          encoding,
          seed: seeds[at] as number,
          length,
          tokens,
          loss: loss ?? '',
          perplexity: loss === null ? '' : Math.exp(loss),
        })),
      ),
    ),
  };
}

/** Nats for each token at that length, by seed; undefined if one of the runs diverged, or its loss was not finite. */
function lossesAt({ results }: Entrant, length: number): number[] | undefined {
  const losses = results.map(({ tests }) => tests.find((test) => test.length === length)?.loss ?? null);
  return losses.every((loss) => loss !== null) ? (losses as number[]) : undefined;
}

/** exp of the mean loss and of its interval's ends, which so stays above 0. */
function perplexityAt(entrant: Entrant, length: number): Interval | undefined {
  const losses = lossesAt(entrant, length);
  if (losses === undefined) return undefined;
  const { mean, low, high, n } = meanInterval(losses);
  return { mean: Math.exp(mean), low: Math.exp(low), high: Math.exp(high), n };
}

/** Each step of the order by the difference of the losses, paired by seed: a ratio of perplexities. */
function judge(
  { config, preset }: Plan,
  entrants: readonly Entrant[],
): { readonly verdict: Verdict; readonly reason: string } {
  const { order, orderFactor, context } = config;
  const length = context * orderFactor;
  const named = chosenEncodings(order);
  const missing = named.filter((name) => !entrants.some(({ encoding }) => encoding === name));
  if (missing.length > 0)
    return { verdict: 'not tested', reason: `The claim is about ${missing.map(titleOf).join(', ')} too.` };
  const steps = named
    .slice(1)
    .map((worse, at) => step(entrants, named[at] as PositionEncodingName, worse, length));
  const reason = `Loss at ${length} tokens, 95 % intervals of the paired differences: ${steps.map(({ text }) => text).join('; ')}.`;
  if (preset === 'smoke')
    return { verdict: 'not tested', reason: `The smoke preset is too short to tell. ${reason}` };
  if (steps.some(({ holds }) => holds === false)) return { verdict: 'not met', reason };
  return { verdict: steps.every(({ holds }) => holds) ? 'met' : 'not tested', reason };
}

/** `holds` is undefined for one seed, which has no interval. */
function step(
  entrants: readonly Entrant[],
  better: PositionEncodingName,
  worse: PositionEncodingName,
  length: number,
): { readonly holds: boolean | undefined; readonly text: string } {
  const [a, b] = [better, worse].map((name) =>
    lossesAt(entrants.find(({ encoding }) => encoding === name) as Entrant, length),
  );
  const name = `${titleOf(better)} − ${titleOf(worse)}`;
  if (a === undefined) return { holds: false, text: `${name}: ${titleOf(better)} diverged` };
  if (b === undefined) return { holds: true, text: `${name}: ${titleOf(worse)} diverged` };
  const { mean, low, high } = pairedDifference(a, b);
  if (Number.isNaN(high)) return { holds: undefined, text: `${name} ${signed(mean)} (one seed)` };
  return { holds: high < 0, text: `${name} ${signed(mean)} (${signed(low)} to ${signed(high)})` };
}

function metricsOf({ context, factors }: ExtrapolationConfig, entrants: readonly Entrant[]) {
  const found: Record<string, number> = {};
  for (const entrant of entrants) {
    const { encoding, results } = entrant;
    for (const factor of factors) {
      const losses = lossesAt(entrant, factor * context);
      const perplexity = perplexityAt(entrant, factor * context);
      if (losses === undefined || perplexity === undefined) continue;
      Object.assign(found, spread(`${encoding}.x${factor}.loss`, meanInterval(losses)));
      Object.assign(found, spread(`${encoding}.x${factor}.perplexity`, perplexity));
    }
    found[`${encoding}.parameters`] = results[0]?.parameters ?? 0;
    found[`${encoding}.diverged`] = results.filter(({ diverged }) => diverged !== null).length;
  }
  return found;
}

function perplexityTable({ config, seeds }: Plan, entrants: readonly Entrant[]): Table {
  const { context, factors, protocol } = config;
  const tokens = entrants[0]?.results[0]?.tests.map((test) => test.tokens) ?? [];
  const row = (entrant: Entrant): Cell[] => [
    titleOf(entrant.encoding),
    ...factors.map((factor) => perplexityAt(entrant, factor * context) ?? 'diverged'),
    entrant.results[0]?.parameters ?? null,
  ];
  return {
    title: `Perplexity by the number of tokens in a window; trained on ${context}; ${count(seeds.length, 'seed')}`,
    columns: [
      { title: 'encoding' },
      ...factors.map((factor) => ({ title: `${factor * context}`, digits: 3 })),
      { title: 'parameters' },
    ],
    rows: entrants.map(row),
    note:
      `exp of the mean loss; ± leads to the upper end of its 95 % t interval over seeds. Protocol ${protocol}: ${[...new Set(tokens)].join(' or ')} tokens scored ` +
      `at each length${protocol === 'end-aligned' ? ', the same ones' : ', of other text at each length'}.`,
  };
}

function perplexityChart({ context, factors }: ExtrapolationConfig, entrants: readonly Entrant[]): Chart {
  const points = entrants.flatMap((entrant) =>
    factors.flatMap((factor): CurvePoint[] => {
      const y = perplexityAt(entrant, factor * context);
      return y === undefined ? [] : [{ contestant: titleOf(entrant.encoding), x: factor * context, y }];
    }),
  );
  return curveChart(
    {
      name: 'perplexity',
      title: `Perplexity against length; trained on ${context} tokens`,
      description:
        'Perplexity, exp of the mean loss over seeds, on windows of up to many times the training length, both axes logarithmic; ' +
        'the bands are 95 % intervals. A curve that does not rise extrapolates.',
    },
    { x: 'tokens', y: 'perplexity', logarithmic: true, logarithmicY: true, tickFormat: 'd', points: true },
    points,
  );
}
