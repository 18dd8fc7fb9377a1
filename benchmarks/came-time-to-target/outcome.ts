import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { ratioInterval } from '../../src/experiment/statistics.ts';
import { RandomStream } from '../../src/random/random-stream.ts';
import type { Results } from '../came-training/cells.ts';
import { lossChart, rateChart } from '../came-training/charts.ts';
import { type Standing, standings, timesToTarget } from '../came-training/comparison.ts';
import { type ContestantName, contestantTitles } from '../came-training/contestants.ts';
import { curveRows, studyMetrics } from '../came-training/metrics.ts';
import { type Concluded, concludeStudy } from '../came-training/study.ts';
import { comparisonTable, count, endWarnings, trialTable } from '../came-training/tables.ts';
import { fastest, targetOf } from './cells.ts';
import { type CameTimeToTargetConfig, studiesOf } from './config.ts';
import { profileChart, profiles, profileTable } from './profile.ts';
import { type WorkloadName, workloads } from './workloads.ts';

type Context = Pick<OutcomeContext<CameTimeToTargetConfig>, 'config' | 'seeds' | 'preset'>;

const titleOf = (name: string) => contestantTitles[name as ContestantName];

interface Workload {
  readonly name: WorkloadName;
  readonly concluded: Concluded;
  readonly target: number;
  readonly found: readonly Standing[];
}

/** Every cell is there. */
export function outcome(context: Context, results: Results): Outcome {
  const { config, seeds } = context;
  const all = studiesOf(context).map(({ workload, study }): Workload => {
    const concluded = concludeStudy(study, seeds, results, fastest(config.margin));
    const target = targetOf(concluded.trials, config.margin);
    return { name: workload, concluded, target, found: standings(concluded, 'adamw', target) };
  });
  const contestants = all[0]?.concluded.study.contestants.map(({ name }) => name) ?? [];
  const found = profiles(all, contestants, seeds.length);
  return {
    ...judge(context, all),
    metrics: Object.assign({}, ...all.map(metricsOf)),
    tables: [
      ...all.map(({ name, concluded, target, found: own }) =>
        comparisonTable({
          title: `${workloads[name].title}: each at its fastest learning rate, on ${count(seeds.length, 'fresh seed')}`,
          concluded,
          standings: own,
          titleOf,
          baseline: 'adamw',
          target: { loss: target, what: `that of AdamW’s best trial plus ${config.margin}` },
          note: 'Seconds are steps times the time of a step, without evaluation; cells ran one at a time.',
        }),
      ),
      profileTable(found, titleOf),
      ...all.map(({ name, concluded }) => trialTable(concluded, titleOf, `, ${workloads[name].title}`)),
    ],
    charts: [
      profileChart(found, titleOf),
      ...all.flatMap(({ name, concluded }) => {
        const about = { name: `-${name}`, title: `, ${workloads[name].title}` };
        return [lossChart(concluded, titleOf, about), rateChart(concluded, titleOf, about)];
      }),
    ],
    rows: all.flatMap(({ concluded }) => curveRows(concluded, results)),
    warnings: all.flatMap(({ concluded }) => endWarnings(concluded, titleOf)),
  };
}

function metricsOf({ name, concluded, target, found }: Workload): Record<string, number> {
  const metrics = studyMetrics(concluded, found, `${name}.`);
  const [adamw, came] = pair(found).map((standing) =>
    standing?.results.map((result) => timesToTarget(result, target)?.steps),
  );
  const [over, under] = [came, adamw].map((steps) => steps?.filter((value) => value !== undefined) ?? []);
  const whole = adamw !== undefined && under?.length === adamw.length && over?.length === adamw.length;
  if (!whole || under === undefined || over === undefined) return metrics;
  const stream = RandomStream.fromSeed(0, 'ratio of steps');
  const { estimate, low, high } = ratioInterval(over, under, { of: 'median', paired: true, stream });
  return {
    ...metrics,
    [`${name}.stepsRatio`]: estimate,
    [`${name}.stepsRatio.low`]: low,
    [`${name}.stepsRatio.high`]: high,
  };
}

/** AdamW and CAME. */
function pair(found: readonly Standing[]): readonly [Standing | undefined, Standing | undefined] {
  const of = (name: string) => found.find(({ contestant }) => contestant === name);
  return [of('adamw'), of('came')];
}

/** Of the medians over the fresh seeds; the worst workload decides. */
function judge({ config, preset }: Context, all: readonly Workload[]): { verdict: Verdict; reason: string } {
  if (preset === 'smoke') return { verdict: 'not tested', reason: 'The smoke preset is too short to tell.' };
  const ratios = all.map(({ name, found }) => {
    const [adamw, came] = pair(found).map((standing) => standing?.steps?.median);
    return { name, adamw, came, ratio: (came ?? Number.POSITIVE_INFINITY) / (adamw ?? Number.NaN) };
  });
  const unknown = ratios.find(({ adamw }) => adamw === undefined);
  if (unknown !== undefined) {
    return {
      verdict: 'not tested',
      reason: `On ${unknown.name} AdamW itself does not reach the target with most seeds: raise margin or steps.`,
    };
  }
  const shown = ratios.map(({ name, came, adamw, ratio }) =>
    came === undefined
      ? `${name}: most runs of CAME do not reach it`
      : `${name}: ${Math.round(came)} steps against ${Math.round(adamw as number)}, ${ratio.toFixed(2)} times`,
  );
  const met = ratios.every(({ ratio }) => ratio <= config.ratioLimit);
  return {
    verdict: met ? 'met' : 'not met',
    reason: `CAME to AdamW's loss: ${shown.join('; ')} (at most ${config.ratioLimit} times on each).`,
  };
}
