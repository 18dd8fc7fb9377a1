import type { TopLevelSpec } from 'vega-lite';
import type { Chart } from './chart.ts';

export interface HeatMapAxes {
  readonly x: string;
  readonly y: string;
  /** What the colours stand for. */
  readonly colour: string;
  /** Colours from blue through white at 0 to red, for values of both signs. Default: from white to dark. */
  readonly diverging?: boolean;
}

export interface HeatMapCells {
  /** Names of the columns, from left to right; all different. */
  readonly columns: readonly string[];
  /** From the top; the name of each is its own. NaN: nothing is drawn there. */
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const digits = 4;

/** A rectangle for each number, coloured by it. */
export function heatMap(
  about: Omit<Chart, 'spec'>,
  axes: HeatMapAxes,
  { columns, rows }: HeatMapCells,
): Chart {
  const values = rows.flatMap(({ name, values: row }) =>
    row.flatMap((value, at) =>
      Number.isNaN(value)
        ? []
        : [{ [axes.x]: columns[at], [axes.y]: name, [axes.colour]: Number(value.toPrecision(digits)) }],
    ),
  );
  const axis = (field: string, sort: readonly string[]) => ({
    field,
    type: 'nominal' as const,
    sort: [...sort],
    axis: { labelOverlap: true },
  });
  const spec: TopLevelSpec = {
    description: about.description,
    data: { values },
    mark: { type: 'rect' as const },
    encoding: {
      x: axis(axes.x, columns),
      y: axis(
        axes.y,
        rows.map(({ name }) => name),
      ),
      color: {
        field: axes.colour,
        type: 'quantitative' as const,
        scale: axes.diverging ? { scheme: 'redblue', reverse: true, domainMid: 0 } : { scheme: 'blues' },
      },
      tooltip: [axes.x, axes.y]
        .map(
          (field) =>
            ({ field, type: 'nominal' as const }) as { field: string; type: 'nominal' | 'quantitative' },
        )
        .concat({ field: axes.colour, type: 'quantitative' }),
    },
  };
  return { ...about, spec };
}
