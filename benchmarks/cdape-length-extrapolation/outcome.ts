import type { PositionEncodingName } from '../../methods/cdape/index.ts';
import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { encodingCells } from '../cdape-training/cells.ts';
import { chosenEncodings, titleOf } from '../cdape-training/encodings.ts';
import type { ExtrapolationConfig } from './config.ts';
import { compareAt } from './losses.ts';
import {
  judgeSteps,
  type Named,
  perplexityChart,
  perplexityMetrics,
  perplexityRows,
  perplexityTable,
} from './perplexities.ts';
import type { ExtrapolationResult } from './result.ts';

type Plan = Pick<OutcomeContext<ExtrapolationConfig>, 'config' | 'seeds' | 'preset'>;

/** Every cell is there. */
export function outcome(plan: Plan, results: ReadonlyMap<string, ExtrapolationResult>): Outcome {
  const { config, seeds } = plan;
  const contestants = chosenEncodings(config.encodings).map(
    (name): Named => ({
      name,
      title: titleOf(name),
      results: encodingCells([name], seeds).map(({ id }) => results.get(id) as ExtrapolationResult),
    }),
  );
  return {
    ...judge(plan, contestants),
    metrics: perplexityMetrics(config, contestants),
    tables: [perplexityTable(config, seeds, contestants, 'encoding')],
    charts: [perplexityChart(config, contestants)],
    rows: perplexityRows(contestants, seeds, 'encoding'),
  };
}

function judge(
  { config, preset }: Plan,
  contestants: readonly Named[],
): { readonly verdict: Verdict; readonly reason: string } {
  const { order, orderFactor, context } = config;
  const named = chosenEncodings(order);
  const find = (name: PositionEncodingName) => contestants.find((one) => one.name === name);
  const missing = named.filter((name) => find(name) === undefined);
  if (missing.length > 0)
    return { verdict: 'not tested', reason: `The claim is about ${missing.map(titleOf).join(', ')} too.` };
  const ordered = named.map((name) => find(name) as Named);
  const length = context * orderFactor;
  const steps = ordered.slice(1).map((worse, at) => compareAt(ordered[at] as Named, worse, length));
  return judgeSteps(steps, length, preset === 'smoke');
}
