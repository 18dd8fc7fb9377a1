import type { Chart } from '../../src/experiment/chart.ts';
import type { Outcome, OutcomeContext } from '../../src/experiment/experiment.ts';
import { sampleRow } from '../sample-row.ts';
import { timingChart } from '../timing-chart.ts';
import { disturbedBesideClaim, judgeClaim } from './claim.ts';
import type { StepTimeConfig } from './config.ts';
import { FORMS } from './entrants.ts';
import { metricsOf } from './metrics.ts';
import { type RestoredResult, restore, timingOf } from './restore.ts';
import type { StepTimeResult } from './results.ts';
import { stepsBySize, tablesOf } from './tables.ts';

export async function outcome(
  { config }: Pick<OutcomeContext<StepTimeConfig>, 'config'>,
  stored: readonly StepTimeResult[],
): Promise<Outcome> {
  const restored = restore(stored);
  const { results } = restored;
  const metrics = metricsOf(restored);
  return {
    ...judgeClaim(metrics, results, config),
    metrics,
    tables: tablesOf(restored, config.training),
    charts: Object.entries(stepsBySize(results)).map(([size, ofSize]) => sizeChart(size, ofSize)),
    rows: results.flatMap(({ cell, comparison }) =>
      comparison.samples.map((sample) => ({ cell: cell.id, ...sampleRow(sample) })),
    ),
    warnings: warningsOf(results),
  };
}

/** Contestants of the cells' own rule: PyTorch's AdamW stands with AdamW. */
function sizeChart(size: string, results: readonly RestoredResult[]): Chart {
  const timings = results.flatMap((result) =>
    result.contestants
      .filter(({ rule }) => result.cell.kind === 'step' && rule === result.cell.optimizer)
      .map(({ name, rule }) => {
        const label = name in FORMS ? `${rule} ${name}` : `PyTorch ${name}`;
        return [label, timingOf(result, name)] as const;
      }),
  );
  return timingChart({
    name: `came-step-time-${size}`,
    title: `One optimizer step, ${size === 'bert' ? 'BERT' : size}`,
    what: 'optimizer step',
    timings: new Map(timings),
  });
}

function warningsOf(results: readonly RestoredResult[]): string[] {
  const absent = new Map<string, Set<string>>();
  for (const { cell, absences } of results) {
    for (const [name, reason] of Object.entries(absences)) {
      const who = cell.kind === 'training' ? `a training step with ${name}` : name;
      absent.set(reason, (absent.get(reason) ?? new Set()).add(who));
    }
  }
  const disturbed = disturbedBesideClaim(results);
  const unknown = results.some(
    ({ comparison }) => comparison.samples.length > 0 && Number.isNaN(comparison.others),
  );
  return [
    ...[...absent].map(([reason, names]) => `Not measured: ${[...names].join(', ')}: ${reason}.`),
    ...(disturbed.length > 0
      ? [`The machine was busy, and the times are not valid, of ${disturbed.join(', ')}.`]
      : []),
    ...(unknown
      ? ['This system does not tell what other processes use: whether it was idle is not known.']
      : []),
  ];
}
