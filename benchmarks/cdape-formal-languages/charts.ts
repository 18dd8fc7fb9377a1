import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import { titleOf } from '../cdape-training/encodings.ts';
import { chosenTasks, type FormalConfig } from './config.ts';
import { accuracy, type Entrant } from './scores.ts';

/** Accuracy against length, one picture for each task. */
export function lengthCharts({ tasks, trainLengths }: FormalConfig, entrants: readonly Entrant[]): Chart[] {
  return chosenTasks(tasks).map((task) => {
    const own = entrants.filter((entrant) => entrant.task === task);
    const points = own.flatMap(({ encoding, results }) => {
      const whole = results.filter(({ diverged }) => diverged === null);
      return (whole[0]?.tests ?? []).map(
        ({ length }, at): CurvePoint => ({
          contestant: titleOf(encoding),
          x: length,
          y: meanInterval(whole.map(({ tests }) => 100 * accuracy(tests[at] as (typeof tests)[number]))),
        }),
      );
    });
    return curveChart(
      {
        name: task.replaceAll('_', '-'),
        title: `${task}: accuracy against length`,
        description:
          `Mean accuracy over seeds; the bands are 95 % intervals. Training went up to length ${Math.max(...trainLengths)}, ` +
          'the first point.',
      },
      { x: 'length', y: 'accuracy, %', points: true },
      points,
    );
  });
}
