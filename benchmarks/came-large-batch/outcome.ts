import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { type Interval, meanInterval } from '../../src/experiment/statistics.ts';
import type { Results } from '../came-training/cells.ts';
import { lossChart, rateChart } from '../came-training/charts.ts';
import { standings } from '../came-training/comparison.ts';
import { type ContestantName, contestantTitles } from '../came-training/contestants.ts';
import { curveRows, shownDifference, spread, studyMetrics } from '../came-training/metrics.ts';
import { type Concluded, concludeStudy } from '../came-training/study.ts';
import { comparisonTable, count, endWarnings, trialTable } from '../came-training/tables.ts';
import { type CameLargeBatchConfig, studiesOf, taskOf } from './config.ts';

type Context = Pick<OutcomeContext<CameLargeBatchConfig>, 'config' | 'seeds' | 'preset'>;

const titleOf = (name: string) => contestantTitles[name as ContestantName];

/** Every cell is there. */
export function outcome(context: Context, results: Results): Outcome {
  const { config, seeds } = context;
  const batches = studiesOf(context).map(({ batchSize, study }) => {
    const concluded = concludeStudy(study, seeds, results);
    return { batchSize, concluded, found: standings(concluded, 'adamw', undefined) };
  });
  const differences = batches.map(
    ({ found }) => found.find(({ contestant }) => contestant === 'came')?.comparison?.difference,
  );
  const largest = Math.max(...config.batchSizes);
  const metrics = batches.map(({ batchSize, concluded, found }, at) => ({
    ...studyMetrics(concluded, found, `batch${batchSize}.`),
    ...(differences[at] && spread(`batch${batchSize}.difference`, differences[at])),
  }));
  return {
    ...judge(context, differences.at(-1), largest),
    metrics: {
      ...Object.assign({}, ...metrics),
      parameters: batches[0]?.found[0]?.results[0]?.parameters ?? 0,
    },
    tables: [
      ...batches.map(({ batchSize, concluded, found }) =>
        comparisonTable({
          title: `Batches of ${batchSize} (${taskOf(config, batchSize).steps} steps), each optimizer at its best learning rate, on ${count(seeds.length, 'fresh seed')}`,
          concluded,
          standings: found,
          titleOf,
          baseline: 'adamw',
          note: `A step averages the gradients of ${batchSize / config.batchSize} × ${config.batchSize} sequences.`,
        }),
      ),
      ...batches.map(({ batchSize, concluded }) =>
        trialTable(concluded, titleOf, `, batches of ${batchSize}`),
      ),
    ],
    charts: [
      batchChart(batches),
      ...batches.flatMap(({ batchSize, concluded }) => {
        const about = { name: `-batch${batchSize}`, title: `, batches of ${batchSize}` };
        return [lossChart(concluded, titleOf, about), rateChart(concluded, titleOf, about)];
      }),
    ],
    rows: batches.flatMap(({ concluded }) => curveRows(concluded, results)),
    warnings: batches.flatMap(({ concluded }) => endWarnings(concluded, titleOf)),
  };
}

function batchChart(batches: readonly { batchSize: number; concluded: Concluded }[]): Chart {
  const points = batches.flatMap(({ batchSize, concluded }) =>
    concluded.finalists
      .filter(({ losses }) => losses.every(Number.isFinite))
      .map(({ contestant, losses }) => ({
        contestant: titleOf(contestant),
        x: batchSize,
        y: meanInterval(losses),
      })),
  );
  return curveChart(
    {
      name: 'batch-sizes',
      title: 'Final validation loss against batch size',
      description:
        'Mean over seeds at each optimizer’s best learning rate for that batch size; the bands are 95 % intervals.',
    },
    { x: 'batch size', y: 'final validation loss', logarithmic: true, points: true },
    points,
  );
}

function judge(
  { preset }: Context,
  difference: Interval | undefined,
  largest: number,
): { verdict: Verdict; reason: string } {
  if (preset === 'smoke') return { verdict: 'not tested', reason: 'The smoke preset is too short to tell.' };
  if (difference === undefined)
    return { verdict: 'not met', reason: `With batches of ${largest} a final run diverged.` };
  const found = `With batches of ${largest} CAME − AdamW is ${shownDifference(difference)}`;
  if (Number.isNaN(difference.high))
    return { verdict: 'not tested', reason: `${found}: use --seeds 3 or more.` };
  return {
    verdict: difference.high < 0 ? 'met' : 'not met',
    reason: `${found}; the upper end has to be below 0.`,
  };
}
