import type { Outcome, OutcomeContext } from '../../src/experiment/experiment.ts';
import { longestOf } from '../cdape-length-extrapolation/config.ts';
import { compareAt } from '../cdape-length-extrapolation/losses.ts';
import {
  judgeSteps,
  type Named,
  perplexityChart,
  perplexityMetrics,
  perplexityRows,
  perplexityTable,
} from '../cdape-length-extrapolation/perplexities.ts';
import type { ExtrapolationResult } from '../cdape-length-extrapolation/result.ts';
import type { KernelSizeConfig } from './config.ts';
import { nameOf, titleOfVariant, variantCell, variantsOf } from './variants.ts';

type Plan = Pick<OutcomeContext<KernelSizeConfig>, 'config' | 'seeds' | 'preset'>;

/** Every cell is there. */
export function outcome(plan: Plan, results: ReadonlyMap<string, ExtrapolationResult>): Outcome {
  const { config, seeds, preset } = plan;
  const contestants = [undefined, ...variantsOf(config)].map(
    (variant): Named => ({
      name: nameOf(variant),
      title: titleOfVariant(variant),
      results: seeds.map((seed) => results.get(variantCell(variant, seed).id) as ExtrapolationResult),
    }),
  );
  const { kernelSize, hiddenWidth, hiddenWidths } = config;
  const find = (k: number, w: number) =>
    contestants.find(({ name }) => name === nameOf({ kernelSize: k, hiddenWidth: w })) as Named;
  const length = longestOf(config);
  const steps = [
    compareAt(find(kernelSize, hiddenWidth), find(1, hiddenWidth), length),
    compareAt(find(kernelSize, Math.min(...hiddenWidths)), find(1, Math.max(...hiddenWidths)), length),
  ];
  return {
    ...judgeSteps(steps, length, preset === 'smoke'),
    metrics: perplexityMetrics(config, contestants),
    tables: [perplexityTable(config, seeds, contestants, 'kernel and width')],
    charts: [perplexityChart(config, contestants)],
    rows: perplexityRows(contestants, seeds, 'variant'),
  };
}
