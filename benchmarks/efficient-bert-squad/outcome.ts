import { type Chart, curveChart } from '../../src/experiment/chart.ts';
import type { CellsPlan, Outcome, Verdict } from '../../src/experiment/experiment.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import { spread } from '../came-training/metrics.ts';
import { curveRows } from '../efficient-bert-models/curve-rows.ts';
import { type SquadBest, type SquadCell, type SquadResult, type SquadResults, squadCells } from './cells.ts';
import { GENERATED, type SquadConfig } from './config.ts';
import { answersTable, samplesTable, seedsTable, spansTable } from './tables.ts';

/** Every cell is there. */
export function outcome({ config, seeds }: CellsPlan<SquadConfig>, results: SquadResults): Outcome {
  const cells = squadCells(config.version, seeds);
  const own = cells.map(({ id }) => results.get(id) as SquadResult);
  return {
    ...judge(config, own),
    metrics: metricsOf(own),
    tables: [seedsTable(config, cells, own), spansTable(cells, own), answersTable(own), samplesTable(own)],
    charts: [learningCurve(config, cells, own)],
    rows: curveRows(cells, own),
    warnings: warningsOf(config, own),
  };
}

/** By the spans of the worst seed; one that diverged has found nothing. */
function judge(
  { model, version, points, dataDir }: SquadConfig,
  results: readonly SquadResult[],
): { readonly verdict: Verdict; readonly reason: string } {
  const worst = Math.min(...results.map(({ best, diverged }) => (diverged ? 0 : (best?.spans?.f1 ?? 0))));
  const { sentence = null, nothing = 0 } = results[0]?.untrained ?? {};
  if (sentence === null) {
    return { verdict: 'not tested', reason: 'No question of the dev set has an answer in its context.' };
  }
  const above = worst - sentence;
  const official = meanInterval(results.map(({ best }) => best?.scores.f1 ?? 0)).mean;
  const found =
    `In the questions of SQuAD ${version} that have an answer, ${model} finds spans with an F1 of ${worst.toFixed(1)} % with its worst of ` +
    `${results.length} seeds, ${Math.abs(above).toFixed(1)} points ${above < 0 ? 'below' : 'above'} the sentence that shares most words ` +
    `with the question (${sentence.toFixed(1)} %). Over all questions its F1 is ${official.toFixed(1)} %, that of "no answer" ${nothing.toFixed(1)} %.`;
  if (dataDir === GENERATED)
    return { verdict: 'not tested', reason: `The questions were made here, for a try. ${found}` };
  if (version !== '2.0') return { verdict: 'not tested', reason: `The claim is about version 2.0. ${found}` };
  return { verdict: above >= points ? 'met' : 'not met', reason: found };
}

function metricsOf(results: readonly SquadResult[]): Record<string, number> {
  const found: Record<string, number> = { diverged: results.filter(({ diverged }) => diverged).length };
  const whole = results.flatMap(({ best, diverged }) => (best && !diverged ? [best] : []));
  if (whole.length === 0) return found;
  const put = (name: string, of: (best: SquadBest) => number | null | undefined) => {
    const values = whole.map(of).filter((value) => typeof value === 'number');
    if (values.length > 0) Object.assign(found, spread(name, meanInterval(values)));
  };
  const { nothing = 0, sentence = null } = results[0]?.untrained ?? {};
  put('exact', ({ scores }) => scores.exact);
  put('f1', ({ scores }) => scores.f1);
  put('f1.answerable', ({ answerable }) => answerable?.f1);
  put('exact.impossible', ({ impossible }) => impossible?.exact);
  put('spans.f1', ({ spans }) => spans?.f1);
  put('best.f1', ({ best }) => best?.f1.score);
  put('loss', ({ loss }) => loss);
  put('pointsAboveNoAnswer', ({ scores }) => scores.f1 - nothing);
  found.noAnswer = nothing;
  if (sentence !== null) {
    put('pointsAboveSentence', ({ spans }) => spans && spans.f1 - sentence);
    found.sentence = sentence;
  }
  found.seconds = meanInterval(results.map(({ seconds }) => seconds)).mean;
  found.parameters = results[0]?.parameters ?? 0;
  return found;
}

function learningCurve(
  { version, selectAtBestThreshold }: SquadConfig,
  cells: readonly SquadCell[],
  results: readonly SquadResult[],
): Chart {
  const atBest = selectAtBestThreshold && version !== '1.1';
  const metric = atBest ? 'mean of best EM and best F1' : 'mean of EM and F1';
  return curveChart(
    {
      name: 'learning-curve',
      title: `Dev ${metric} of SQuAD ${version} against steps`,
      description: `What the best weights are chosen by, the ${metric} on the dev set in percent, after so many steps; one curve for each seed.`,
    },
    { x: 'step', y: metric, points: true },
    cells.flatMap(({ seed }, i) =>
      (results[i]?.curve ?? []).map(({ step, selection }) => ({
        contestant: `seed ${seed}`,
        x: step,
        y: meanInterval([selection]),
      })),
    ),
  );
}

function warningsOf({ dataDir }: SquadConfig, results: readonly SquadResult[]): string[] {
  const { skippedRecords = 0, leftOut = 0 } = results[0] ?? {};
  return [
    ...(dataDir === GENERATED
      ? [
          'The questions were made here, for a try: they say nothing about SQuAD. Name the folder with --data-dir …',
        ]
      : [
          'The best of the evaluations on the dev set is reported: it is a little above what new questions would give.',
        ]),
    ...(skippedRecords > 0 ? [`${skippedRecords} damaged records were left out.`] : []),
    ...(leftOut > 0
      ? [`${leftOut} training questions were left out: their answer is not in the words of their context.`]
      : []),
  ];
}
