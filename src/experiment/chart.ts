import type { TopLevelSpec } from 'vega-lite';
import type { Interval } from './statistics.ts';

export interface Chart {
  /** Name of the SVG file without its ending, kebab-case. */
  readonly name: string;
  readonly title: string;
  /** One sentence: what is drawn and what to see in it; also the alternative text. */
  readonly description: string;
  /** Its data stand in `spec.data.values` as flat records, so that a report can show them as a table. */
  readonly spec: TopLevelSpec;
}

export interface CurvePoint {
  readonly contestant: string;
  readonly x: number;
  readonly y: Interval;
}

export interface CurveAxes {
  readonly x: string;
  readonly y: string;
  /** A logarithmic x axis. */
  readonly logarithmic?: boolean;
  /** A logarithmic y axis. */
  readonly logarithmicY?: boolean;
  /** Of the labels of a logarithmic x axis, as d3-format has it. Default `.0e`. */
  readonly tickFormat?: string;
  /** Mark each point: for few of them. */
  readonly points?: boolean;
}

const digits = 5;

/** As many as the palettes have, each for its page; for more contestants there are these, which can be seen on every page. */
const paletteColours = 6;
const manyColours = [
  ...['#2b86c5', '#cf6a1f', '#1d9270', '#bb5a96', '#94850f', '#7d7d7d'],
  ...['#d0453d', '#7f68d4', '#1a9c9c', '#a0744a', '#d6589b', '#5f9a2c'],
];
const legendColumns = 4;

/** One curve per contestant with its interval as a band; the legend picks contestants, hovering shows the numbers. */
export function curveChart(
  about: Omit<Chart, 'spec'>,
  axes: CurveAxes,
  points: readonly CurvePoint[],
): Chart {
  const banded = points.some((point) => point.y.n > 1);
  const values = points.map(({ contestant, x, y }) => ({
    contestant,
    [axes.x]: x,
    [axes.y]: Number(y.mean.toPrecision(digits)),
    ...(banded && { low: bound(y.low, y.mean), high: bound(y.high, y.mean), seeds: y.n }),
  }));
  const contestants = [...new Set(points.map((point) => point.contestant))];
  const ticks = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const x = {
    field: axes.x,
    type: 'quantitative' as const,
    scale: axes.logarithmic ? { type: 'log' as const, nice: false, padding: 16 } : { nice: false },
    axis: axes.logarithmic ? { format: axes.tickFormat ?? '.0e', values: ticks } : { tickCount: 8 },
  };
  const y = {
    field: axes.y,
    type: 'quantitative' as const,
    scale: axes.logarithmicY ? { type: 'log' as const } : { zero: false },
  };
  const many = contestants.length > paletteColours;
  const colour = {
    field: 'contestant',
    type: 'nominal' as const,
    sort: contestants,
    title: null,
    ...(many && { scale: { range: manyColours }, legend: { columns: legendColumns } }),
  };
  const picked = { condition: { param: 'picked', value: 1 }, value: 0.08 };
  const tooltip = [
    { field: 'contestant', type: 'nominal' as const },
    { field: axes.x, type: 'quantitative' as const },
    { field: axes.y, type: 'quantitative' as const, format: '.4f' },
    ...(banded
      ? [
          { field: 'low', type: 'quantitative' as const, format: '.4f', title: '95 % interval from' },
          { field: 'high', type: 'quantitative' as const, format: '.4f', title: 'to' },
          { field: 'seeds', type: 'quantitative' as const },
        ]
      : []),
  ];
  const spec: TopLevelSpec = {
    description: about.description,
    data: { values },
    layer: [
      ...(banded
        ? [
            {
              mark: { type: 'area' as const, opacity: 0.2 },
              encoding: {
                x,
                y: { ...y, field: 'low', title: axes.y },
                y2: { field: 'high' },
                color: colour,
                opacity: { condition: { param: 'picked', value: 0.2 }, value: 0.03 },
              },
            },
          ]
        : []),
      {
        params: [
          {
            name: 'picked',
            select: { type: 'point' as const, fields: ['contestant'] },
            bind: 'legend' as const,
          },
        ],
        mark: { type: 'line' as const, strokeWidth: 2 },
        encoding: { x, y, color: colour, opacity: picked },
      },
      {
        params: [
          {
            name: 'near',
            select: {
              type: 'point' as const,
              on: 'pointerover' as const,
              nearest: true,
              clear: 'pointerout',
            },
          },
        ],
        mark: { type: 'point' as const, filled: true, size: 45 },
        encoding: {
          x,
          y,
          color: colour,
          tooltip,
          opacity: axes.points ? picked : { condition: { param: 'near', empty: false, value: 1 }, value: 0 },
        },
      },
    ],
  };
  return { ...about, spec };
}

/** An interval that is not known (one seed) is drawn as no band at all. */
function bound(value: number, mean: number): number {
  return Number((Number.isNaN(value) ? mean : value).toPrecision(digits));
}
