import { mean } from 'simple-statistics';
import { formalTask } from '../../src/data/formal-languages/index.ts';
import type { Outcome, OutcomeContext, Verdict } from '../../src/experiment/experiment.ts';
import { type Interval, meanInterval, pairedDifference } from '../../src/experiment/statistics.ts';
import { spread } from '../came-training/metrics.ts';
import { chosenEncodings, titleOf } from '../cdape-training/encodings.ts';
import { lengthCharts } from './charts.ts';
import { chosenTasks, type FormalConfig } from './config.ts';
import { accuracy, type Entrant, entrantsOf, type Results } from './scores.ts';
import { scoreTable } from './tables.ts';

type Context = Pick<OutcomeContext<FormalConfig>, 'config' | 'seeds' | 'preset'>;

/** Every cell is there. */
export function outcome(context: Context, results: Results): Outcome {
  const entrants = entrantsOf(context, results);
  return {
    ...judge(context, entrants),
    metrics: metricsOf(entrants),
    tables: [scoreTable(context, entrants, 'beyond'), scoreTable(context, entrants, 'within')],
    charts: lengthCharts(context.config, entrants),
    rows: entrants.flatMap(({ task, encoding, results: own }) =>
      own.flatMap(({ tests }, at) =>
        tests.map((test) => ({
          task,
          encoding,
          seed: context.seeds[at] as number,
          ...test,
          accuracy: accuracy(test),
        })),
      ),
    ),
  };
}

/** By the means over seeds; the differences stand there with their intervals. */
function judge(
  { config, preset }: Context,
  entrants: readonly Entrant[],
): { readonly verdict: Verdict; readonly reason: string } {
  const [method, rival] = chosenEncodings([config.method, config.rival]);
  const tasks = chosenTasks(config.tasks).flatMap((task) => {
    const own = entrants.filter((entrant) => entrant.task === task);
    const [ours, theirs] = [method, rival].map((name) => own.find(({ encoding }) => encoding === name));
    if (ours === undefined || theirs === undefined) return [];
    const best = own.reduce((one, other) => (mean([...other.beyond]) > mean([...one.beyond]) ? other : one));
    return [{ task, best, difference: pairedDifference(ours.beyond, theirs.beyond) }];
  });
  if (tasks.length === 0 || method === undefined || rival === undefined)
    return { verdict: 'not tested', reason: `The claim needs ${config.method} and ${config.rival}.` };
  const won = tasks.filter(({ difference }) => difference.mean > 0);
  const lost = tasks.filter(({ difference }) => difference.mean <= 0);
  const all = tasks.map(({ task, difference }) => `${task} ${points(difference)}`).join(', ');
  const beaten = tasks
    .filter(({ best }) => best.encoding !== method)
    .map(({ task, best }) => `${task} (${titleOf(best.encoding)})`);
  const reason = [
    `${titleOf(method)} is more accurate than ${titleOf(rival)} on ${won.length} of ${tasks.length} tasks; points of accuracy more: ${all}.`,
    ...(lost.length > 0 ? [`It is not on ${lost.map(({ task }) => task).join(', ')}.`] : []),
    ...(beaten.length > 0 ? [`Another encoding is best on ${beaten.join(', ')}.`] : []),
  ].join(' ');
  if (preset === 'smoke')
    return { verdict: 'not tested', reason: `The smoke preset is too short to tell. ${reason}` };
  return { verdict: won.length / tasks.length >= config.winShare ? 'met' : 'not met', reason };
}

function points({ mean: centre, low, high }: Interval): string {
  const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(100 * value).toFixed(1)}`;
  return Number.isNaN(high) ? signed(centre) : `${signed(centre)} (${signed(low)} to ${signed(high)})`;
}

function metricsOf(entrants: readonly Entrant[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { task, encoding, results, within, beyond } of entrants) {
    const key = `${task}.${encoding}`;
    Object.assign(found, spread(`${key}.beyond`, meanInterval(beyond)));
    Object.assign(found, spread(`${key}.within`, meanInterval(within)));
    found[`${key}.best`] = Math.max(...beyond);
    found[`${key}.parameters`] = results[0]?.parameters ?? 0;
    found[`${key}.diverged`] = results.filter(({ diverged }) => diverged !== null).length;
    found[`${task}.chance`] = formalTask(task).chance;
  }
  return found;
}
