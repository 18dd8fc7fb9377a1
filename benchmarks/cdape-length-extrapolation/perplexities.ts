/** What the experiments that test at several lengths show alike: metrics, table, picture and rows. */
import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import type { Verdict } from '../../src/experiment/experiment.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import type { Cell, Table } from '../../src/experiment/table.ts';
import { spread } from '../came-training/metrics.ts';
import { count } from '../came-training/tables.ts';
import type { LanguageTask } from './config.ts';
import { type Contestant, lossesAt, perplexityAt, type Step } from './losses.ts';

export interface Named extends Contestant {
  /** In metrics and rows. */
  readonly name: string;
}

/** Every step has to hold. */
export function judgeSteps(
  steps: readonly Step[],
  length: number,
  smoke: boolean,
): { readonly verdict: Verdict; readonly reason: string } {
  const reason = `Loss at ${length} tokens, 95 % intervals of the paired differences: ${steps.map(({ text }) => text).join('; ')}.`;
  if (smoke) return { verdict: 'not tested', reason: `The smoke preset is too short to tell. ${reason}` };
  if (steps.some(({ holds }) => holds === false)) return { verdict: 'not met', reason };
  return { verdict: steps.every(({ holds }) => holds) ? 'met' : 'not tested', reason };
}

export function perplexityMetrics(
  { context, factors }: LanguageTask,
  contestants: readonly Named[],
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const contestant of contestants) {
    const { name, results } = contestant;
    for (const factor of factors) {
      const losses = lossesAt(contestant, factor * context);
      const perplexity = perplexityAt(contestant, factor * context);
      if (losses === undefined || perplexity === undefined) continue;
      Object.assign(found, spread(`${name}.x${factor}.loss`, meanInterval(losses)));
      Object.assign(found, spread(`${name}.x${factor}.perplexity`, perplexity));
    }
    found[`${name}.parameters`] = results[0]?.parameters ?? 0;
    found[`${name}.diverged`] = results.filter(({ diverged }) => diverged !== null).length;
  }
  return found;
}

/** @param what heads the first column */
export function perplexityTable(
  { context, factors, protocol }: LanguageTask,
  seeds: readonly number[],
  contestants: readonly Named[],
  what: string,
): Table {
  const tokens = contestants[0]?.results[0]?.tests.map((test) => test.tokens) ?? [];
  const row = (contestant: Named): Cell[] => [
    contestant.title,
    ...factors.map((factor) => perplexityAt(contestant, factor * context) ?? 'diverged'),
    contestant.results[0]?.parameters ?? null,
  ];
  return {
    title: `Perplexity by the number of tokens in a window; trained on ${context}; ${count(seeds.length, 'seed')}`,
    columns: [
      { title: what },
      ...factors.map((factor) => ({ title: `${factor * context}`, digits: 3 })),
      { title: 'parameters' },
    ],
    rows: contestants.map(row),
    note:
      `exp of the mean loss; ± leads to the upper end of its 95 % t interval over seeds. Protocol ${protocol}: ` +
      `${[...new Set(tokens)].join(' or ')} tokens scored at each length` +
      `${protocol === 'end-aligned' ? ', the same ones' : ', of other text at each length'}.`,
  };
}

export function perplexityChart({ context, factors }: LanguageTask, contestants: readonly Named[]): Chart {
  const points = contestants.flatMap((contestant) =>
    factors.flatMap((factor): CurvePoint[] => {
      const y = perplexityAt(contestant, factor * context);
      return y === undefined ? [] : [{ contestant: contestant.title, x: factor * context, y }];
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

/** Rows of metrics.csv: every test of every cell. */
export function perplexityRows(
  contestants: readonly Named[],
  seeds: readonly number[],
  what: string,
): Record<string, string | number>[] {
  return contestants.flatMap(({ name, results }) =>
    results.flatMap(({ tests }, at) =>
      tests.map(({ length, loss, tokens }) => ({
        [what]: name,
        seed: seeds[at] as number,
        length,
        tokens,
        loss: loss ?? '',
        perplexity: loss === null ? '' : Math.exp(loss),
      })),
    ),
  );
}
