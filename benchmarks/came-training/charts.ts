import { type Chart, type CurvePoint, curveChart } from '../../src/experiment/chart.ts';
import { meanInterval } from '../../src/experiment/statistics.ts';
import type { Concluded } from './study.ts';
import type { TitleOf } from './tables.ts';

interface About {
  /** Ends the chart's name; default none. */
  readonly name?: string;
  /** Ends its title. */
  readonly title?: string;
}

/** Validation loss against steps, of the winners on the fresh seeds. */
export function lossChart({ finalists }: Concluded, titleOf: TitleOf, about: About = {}): Chart {
  const points = finalists.flatMap(({ contestant, results }) => {
    const whole = results.filter((result) => result.diverged === null);
    return (whole[0]?.curve ?? []).map(
      ({ step }, at): CurvePoint => ({
        contestant: titleOf(contestant),
        x: step,
        y: meanInterval(whole.map((result) => result.curve[at]?.validation as number)),
      }),
    );
  });
  return curveChart(
    {
      name: `loss${about.name ?? ''}`,
      title: `Validation loss against steps${about.title ?? ''}`,
      description:
        'Mean validation loss over seeds at each optimizer’s best learning rate; the bands are 95 % intervals.',
    },
    { x: 'step', y: 'validation loss' },
    points,
  );
}

/** Final loss of every trial against its learning rate: the whole curve. */
export function rateChart({ trials }: Concluded, titleOf: TitleOf, about: About = {}): Chart {
  const points = [...trials].flatMap(([name, own]) =>
    own
      .filter(({ loss }) => Number.isFinite(loss))
      .map(({ learningRate, loss }) => ({
        contestant: titleOf(name),
        x: learningRate,
        y: meanInterval([loss]),
      })),
  );
  return curveChart(
    {
      name: `learning-rates${about.name ?? ''}`,
      title: `Final validation loss against learning rate${about.title ?? ''}`,
      description:
        'One point for each trial. Where the curves lie apart, a comparison at one shared rate would favour one of them.',
    },
    { x: 'learning rate', y: 'final validation loss', logarithmic: true, points: true },
    points,
  );
}
