import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import type { CellsPlan, Outcome, Verdict } from '../../src/experiment/experiment.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import { restoreComparison } from '../../src/experiment/stored-comparison.ts';
import { type Bar, judge as holdAgainst } from '../bar.ts';
import { spread } from '../came-training/metrics.ts';
import { GENERATED } from '../efficient-bert-glue/config.ts';
import { sampleRow } from '../sample-row.ts';
import { timingChart } from '../timing-chart.ts';
import {
  type FineTuningResult,
  finalAccuracy,
  fineTuningCells,
  OURS,
  PYTORCH,
  type StepResult,
  type Trained,
  type TrainingResult,
} from './cells.ts';
import type { FineTuningConfig } from './config.ts';
import { stepTable, trainingTable } from './tables.ts';

/** Every cell is there. */
export function outcome(
  { config, seeds }: CellsPlan<FineTuningConfig>,
  results: ReadonlyMap<string, FineTuningResult>,
): Outcome {
  const step = results.get('step') as StepResult;
  const trained = fineTuningCells(config, seeds).flatMap(({ id, what, seed }): Trained[] =>
    what === 'step' ? [] : [{ ...(results.get(id) as TrainingResult), seed }],
  );
  const metrics = { ...stepMetrics(step), ...accuracyMetrics(config, trained) };
  return {
    ...judge(config, metrics, step, trained),
    metrics,
    tables: [trainingTable(config, trained), stepTable(step)],
    charts: [learningCurve(trained), stepChart(step)],
    rows: [
      ...trained.flatMap(({ what, seed, curve }) => curve.map((point) => ({ what, seed, ...point }))),
      ...restoreComparison(step.comparison).samples.map((sample) => ({ what: 'step', ...sampleRow(sample) })),
    ],
    warnings: warningsOf(config, step, trained),
  };
}

function accuracies(trained: readonly Trained[], what: TrainingResult['what']): number[] {
  return trained
    .filter((one) => one.what === what)
    .map(finalAccuracy)
    .filter((accuracy) => accuracy !== undefined);
}

function accuracyMetrics(
  { reference }: FineTuningConfig,
  trained: readonly Trained[],
): Record<string, number> {
  const [ours, theirs] = [accuracies(trained, 'ours'), accuracies(trained, 'pytorch')];
  const found: Record<string, number> = { diverged: trained.filter(({ diverged }) => diverged).length };
  const mean = ours.length > 0 ? meanInterval(ours) : undefined;
  if (mean) Object.assign(found, spread('accuracy.mean', mean));
  if (theirs.length > 0) Object.assign(found, spread('accuracy.pytorch', meanInterval(theirs)));
  const against = theirs.length > 0 ? meanInterval(theirs).mean : reference;
  if (mean && against > 0) found['accuracy.pointsAbovePytorch'] = 100 * (mean.mean - against);
  return found;
}

function stepMetrics({ comparison, difference, parameters }: StepResult): Record<string, number> {
  const { timings } = comparison;
  const [ours, torch] = [timings[OURS], timings[PYTORCH]];
  const found: Record<string, number> = { parameters };
  if (ours) Object.assign(found, { 'step.ms': ours.median, 'step.minimumMs': ours.minimum });
  if (torch)
    Object.assign(found, { 'step.pytorch.ms': torch.median, 'step.pytorch.minimumMs': torch.minimum });
  if (ours && torch) {
    found['step.speedup.pytorch'] = torch.median / ours.median;
    found['step.timesPytorch'] = ours.median / torch.median;
  }
  if (difference !== null) found['step.lossDifference'] = difference;
  return found;
}

function judge(
  config: FineTuningConfig,
  metrics: Readonly<Record<string, number>>,
  step: StepResult,
  trained: readonly Trained[],
): { readonly verdict: Verdict; readonly reason: string } {
  const bars: Bar[] = [
    { metric: 'accuracy.pointsAbovePytorch', atLeast: -config.points },
    { metric: 'step.timesPytorch', atMost: config.stepRatio },
  ];
  const not = (reason: string) => ({ verdict: 'not tested' as const, reason });
  if (config.dataDir === GENERATED)
    return not('The rows were made here, for a try; the claim is about SST-2.');
  if (!step.captured) return not('The claim is about captured steps, which only the tensorflow backend has.');
  if (config.maximumSteps > 0)
    return not(
      `The claim is about the whole recipe; maximumSteps ended it after ${trained[0]?.steps} steps.`,
    );
  const lost = trained.find(({ diverged, what }) => diverged && what === 'ours');
  if (lost) {
    return { verdict: 'not met', reason: `Seed ${lost.seed} diverged at step ${lost.diverged?.step}.` };
  }
  const busy = 'The machine was busy while the steps were timed; run again when it is idle.';
  return holdAgainst(bars, metrics, step.comparison.valid ? undefined : busy);
}

function learningCurve(trained: readonly Trained[]): Chart {
  return curveChart(
    {
      name: 'learning-curve',
      title: 'Share of the SST-2 dev set right against steps',
      description: 'After so many steps; one curve for each seed, ours and PyTorch’s.',
    },
    { x: 'step', y: 'accuracy', points: true },
    trained.flatMap(({ what, seed, curve }) =>
      curve.map(({ step, accuracy }) => ({
        contestant: `${what} seed ${seed}`,
        x: step,
        y: meanInterval([accuracy]),
      })),
    ),
  );
}

function stepChart({ comparison }: StepResult): Chart {
  return timingChart({
    name: 'fine-tuning-step',
    title: 'One training step',
    what: 'training step',
    timings: restoreComparison(comparison).timings,
  });
}

function warningsOf(
  { dataDir, trainPeer, reference }: FineTuningConfig,
  { absent, comparison }: StepResult,
  trained: readonly Trained[],
): string[] {
  const skipped = trained[0]?.skippedRows ?? 0;
  const untrained = trainPeer && trained.find((one) => one.what === 'pytorch')?.absent;
  return [
    ...(dataDir === GENERATED
      ? [
          'The rows were made here, for a try: they say nothing about SST-2. Name a folder with --set dataDir=…',
        ]
      : []),
    ...(skipped > 0 ? [`${skipped} damaged rows were left out.`] : []),
    ...(absent === null ? [] : [`PyTorch’s step was not timed: ${absent}.`]),
    ...(untrained ? [`PyTorch was not trained: ${untrained}.`] : []),
    ...(!trainPeer && reference > 0
      ? [`PyTorch was not trained in this run: its ${(100 * reference).toFixed(1)} % were measured before.`]
      : []),
    ...(comparison.valid ? [] : ['The machine was busy, and the times are not valid.']),
  ];
}
