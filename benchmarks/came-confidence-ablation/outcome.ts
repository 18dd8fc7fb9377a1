import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import type { Interval } from '../../src/experiment/statistics.ts';
import type { Results } from '../came-training/cells.ts';
import { lossChart, rateChart } from '../came-training/charts.ts';
import { type Standing, standings } from '../came-training/comparison.ts';
import { curveRows, shownDifference, spread, studyMetrics } from '../came-training/metrics.ts';
import { type Concluded, concludeStudy } from '../came-training/study.ts';
import { comparisonTable, count, endWarnings, trialTable } from '../came-training/tables.ts';
import { bestTrial } from '../came-training/tuning.ts';
import { type CameConfidenceAblationConfig, studyOf, variants, withoutConfidence } from './config.ts';

type Context = Pick<OutcomeContext<CameConfidenceAblationConfig>, 'config' | 'seeds' | 'preset'>;

/** Every cell is there. */
export function outcome(context: Context, results: Results): Outcome {
  const { config, seeds, preset } = context;
  const titles = new Map(variants(config).map(({ name, title }) => [name, title]));
  const titleOf = (name: string) => titles.get(name) ?? name;
  const concluded = concludeStudy(studyOf(context), seeds, results);
  const found = standings(concluded, withoutConfidence, undefined);
  const chosen = chosenVariant(concluded);
  const standing = found.find(({ contestant }) => contestant === chosen);
  const difference = standing?.comparison?.difference;
  return {
    ...judge(preset, difference, chosen === undefined ? undefined : titleOf(chosen)),
    metrics: {
      ...studyMetrics(concluded, found),
      ...(difference && spread('difference', difference)),
      parameters: parametersOf(found),
    },
    tables: [
      comparisonTable({
        title: `CAME with and without confidence, each at its best learning rate, on ${count(seeds.length, 'fresh seed')}`,
        concluded,
        standings: found,
        titleOf,
        baseline: withoutConfidence,
        note: memory(config),
      }),
      trialTable(concluded, titleOf),
    ],
    charts: [lossChart(concluded, titleOf), rateChart(concluded, titleOf)],
    rows: curveRows(concluded, results),
    warnings: endWarnings(concluded, titleOf),
  };
}

/** The variant with confidence that the tuning seeds like best: chosen before the fresh seeds are looked at. */
function chosenVariant({ trials }: Concluded): string | undefined {
  const best = [...trials]
    .filter(([name]) => name !== withoutConfidence)
    .map(([name, own]) => ({ name, loss: bestTrial(own)?.loss ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => a.loss - b.loss)[0];
  return best !== undefined && Number.isFinite(best.loss) ? best.name : undefined;
}

function judge(
  preset: string,
  difference: Interval | undefined,
  variant: string | undefined,
): { verdict: Verdict; reason: string } {
  if (preset === 'smoke') return { verdict: 'not tested', reason: 'The smoke preset is too short to tell.' };
  if (difference === undefined || variant === undefined)
    return { verdict: 'not met', reason: 'Every variant with confidence, or a final run, diverged.' };
  const found = `With confidence (${variant}, chosen on the tuning seeds) − without is ${shownDifference(difference)}`;
  if (Number.isNaN(difference.high))
    return { verdict: 'not tested', reason: `${found}: use --seeds 3 or more.` };
  return {
    verdict: difference.high < 0 ? 'met' : 'not met',
    reason: `${found}; the upper end has to be below 0.`,
  };
}

/** T against 1/(1 − β₃): below three of them the instability has not forgotten its start at zero, and inflates every step. */
function memory({ beta3s, steps }: CameConfidenceAblationConfig): string {
  const shown = beta3s.map((beta3) => `${Number((steps * (1 - beta3)).toPrecision(2))} at β₃ ${beta3}`);
  return `Steps times 1 − β₃: ${shown.join(', ')}; below 3 every step is inflated, and the best learning rate is lower.`;
}

function parametersOf(found: readonly Standing[]): number {
  return found[0]?.results[0]?.parameters ?? 0;
}
