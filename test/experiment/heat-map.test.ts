import { expect, it } from 'vitest';
import { heatMap } from '../../src/experiment/heat-map.ts';
import { chartSvg } from '../../src/experiment/svg.ts';

const about = { name: 'map', title: 'A map', description: 'Numbers as colours.' };
const axes = { x: 'key', y: 'query', colour: 'score' };
const cells = {
  columns: ['0 a', '1 b'],
  rows: [
    { name: 'first', values: [0.5, Number.NaN] },
    { name: 'second', values: [-1, 0.123456] },
  ],
};

it('has a flat record for each number, and none where there is none', () => {
  const { spec } = heatMap(about, axes, cells);
  expect(spec.data).toEqual({
    values: [
      { key: '0 a', query: 'first', score: 0.5 },
      { key: '0 a', query: 'second', score: -1 },
      { key: '1 b', query: 'second', score: 0.1235 },
    ],
  });
});

it('draws a rectangle for each of them, white at zero where colours diverge', async () => {
  const svg = await chartSvg(heatMap(about, { ...axes, diverging: true }, cells));
  const rectangles = [...svg.matchAll(/aria-roledescription="rect mark"/g)];
  expect(rectangles).toHaveLength(3);
  expect(svg).toContain('1 b');
  expect(svg).toContain('second');
});
