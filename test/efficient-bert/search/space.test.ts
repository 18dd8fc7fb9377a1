import { describe, expect, it } from 'vitest';
import { ARCHITECTURES, parseExpression } from '../../../methods/efficient-bert/index.ts';
import {
  type ArchitectureRow,
  firstStageRows,
  paperWindow,
  parametersOf,
  SEARCH_SEED,
  SEARCH_SETTINGS,
  SEARCH_STAGES,
  type SearchMode,
  SearchSpace,
  type StageName,
  secondStageRows,
  sizeTable,
  thirdStageRows,
} from '../../../methods/efficient-bert/search/index.ts';
import { fits } from '../../../methods/efficient-bert/search/space.ts';
import { RandomStream } from '../../../src/random/index.ts';
import { FOUND } from '../fixtures.ts';
import { SHAPE, smallProblem } from './landscape.ts';
import { STAGE_1_WINNER, STAGE_2_WINNER } from './published.ts';

const { expressions: _, ...BERT_SHAPE } = ARCHITECTURES['efficient-bert'];

function published(stage: StageName, rows: readonly ArchitectureRow[], mode: SearchMode = 'faithful') {
  const settings = SEARCH_SETTINGS;
  return new SearchSpace({ stage, mode, seed: SEARCH_SEED, shape: BERT_SHAPE, rows, settings });
}
const trees = (row: ArchitectureRow) => row.map((text) => parseExpression(text));

describe('the authors’ settings', () => {
  it('are the defaults', () => {
    expect(SEARCH_SEED).toBe(42);
    expect(SEARCH_SETTINGS).toEqual({
      heights: { min: 3, max: 7 },
      window: { min: 15e6, max: 16e6 },
      initialCandidates: 80,
      interval: 10,
      totalCandidates: 1_000_000,
      maxDraws: 20_000,
      partitionBounds: [400, 800, 1600, 3200],
    });
    expect(Object.values(SEARCH_STAGES).map(({ mutationTries }) => mutationTries)).toEqual([1000, 400, 0]);
    expect(Object.values(SEARCH_STAGES).map(({ windowTries }) => windowTries)).toEqual([1000, 0, 10_000]);
  });
});

describe('parameters', () => {
  const faithful = published('stage-1', firstStageRows(6));

  it('are the sums of the authors’ table', () => {
    const millions = (row: ArchitectureRow) => faithful.parameters(trees(row)) / 1e6;
    expect(millions(FOUND)).toBe(15.7375);
    expect(millions(STAGE_1_WINNER)).toBe(15.4002);
    expect(millions(STAGE_2_WINNER)).toBe(15.4002);
    const uniform = firstStageRows(6).map(millions);
    expect(uniform[0]).toBe(15.3388);
    expect(Math.min(...uniform)).toBe(12.712);
    expect(Math.max(...uniform)).toBe(25.8748);
  });

  it('are exact where the quirk is mended', () => {
    expect(published('stage-1', firstStageRows(6), 'mended').parameters(trees(FOUND))).toBe(15_737_724);
  });

  it('leave 4,480,424 of 16,777,216 third-stage architectures in the window; a draw from the rows lands there at 0.2740139', () => {
    const table = sizeTable(BERT_SHAPE, 100);
    const space = published('stage-3', thirdStageRows(STAGE_2_WINNER));
    // Ways to a total, layer by layer: each size once, and by the 17 rows.
    const inWindow = (sizesOfLayer: (layer: number) => readonly number[]) => {
      let totals = new Map([[parametersOf(table, []), 1]]);
      for (let layer = 0; layer < 6; layer++) {
        const next = new Map<number, number>();
        for (const [total, ways] of totals)
          for (const size of sizesOfLayer(layer)) {
            const sum = total + parametersOf(table, [size]) - parametersOf(table, []);
            next.set(sum, (next.get(sum) ?? 0) + ways);
          }
        totals = next;
      }
      return [...totals].reduce((sum, [total, ways]) => sum + (total >= 15e6 && total <= 16e6 ? ways : 0), 0);
    };
    const all = Array.from({ length: 16 }, (_, size) => size);
    expect(inWindow(() => all)).toBe(4_480_424);
    const drawn = (layer: number) => space.rows.map((row) => space.features(row)[layer] as number);
    expect(space.rows).toHaveLength(17);
    expect(inWindow(drawn) / 17 ** 6).toBeCloseTo(0.2740139, 7);
  });

  it('has the window at the paper’s place in a smaller space', () => {
    expect(paperWindow(BERT_SHAPE, 6)).toEqual(SEARCH_SETTINGS.window);
    const table = sizeTable(SHAPE);
    expect(table.base).toBe(8816 + 3136);
    expect([table.attention, ...table.ffn.slice(0, 4)]).toEqual([9504, 4800, 2472, 1696, 1308]);
    const { min, max } = paperWindow(SHAPE, 3);
    // 53,718 to 57,796 by hand; rounding of the paper's places moves them by one at most.
    expect(Math.abs(min - 53_718)).toBeLessThanOrEqual(1);
    expect(Math.abs(max - 57_796)).toBeLessThanOrEqual(1);
    let inside = 0;
    for (let a = 0; a < 16; a++)
      for (let b = 0; b < 16; b++)
        for (let c = 0; c < 16; c++) {
          const count = parametersOf(table, [a, b, c]);
          if (count >= min && count <= max) inside++;
        }
    expect(inside).toBe(937);
  });
});

describe('rows', () => {
  it('of the second stage are the winner, and it without outer activations', () => {
    const [winner, bare] = secondStageRows(STAGE_1_WINNER);
    expect(winner).toEqual(STAGE_1_WINNER);
    expect(bare?.map((text) => text.split('(')[0])).toEqual(
      ['4_2', '2_1', '1_4', '4_4', '1_3', '2_4'].map((size) => `linear${size}`),
    );
    // Without its activation this tree would be too low.
    const low = 'gelu(add(linear1_1(x,wb1),linear1_1(x,wb2)))';
    expect(secondStageRows([low])[1]).toEqual([low]);
  });

  it('of the third stage are the winner and its operations in sixteen sizes', () => {
    const rows = thirdStageRows(STAGE_2_WINNER);
    expect(rows).toHaveLength(17);
    expect(rows[2]?.[4]).toBe('linear1_2(relu(mul(linear1_2(x,wb1),x)),wb2)');
    expect(() => thirdStageRows(['gelu(x)'])).toThrow('gelu(x) is not legal. The height is 1');
  });

  it('are refused where a search cannot start from them', () => {
    const row = (text: string) => () => published('stage-1', [[text]]);
    expect(row('linear(gelu(linear(x,wb1)),wb2)')).toThrow('its linears must name a size');
    expect(row('gelu(x)')).toThrow('The height is 1');
    expect(() => published('stage-1', [])).toThrow('A search needs rows');
  });

  it('start the first stage with one architecture, or with all that are in the window', () => {
    expect(published('stage-1', firstStageRows(6)).starts()).toHaveLength(1);
    const mended = published('stage-1', firstStageRows(6), 'mended');
    expect(mended.starts().map((layers) => mended.features(layers)[0])).toEqual([0, 5, 10, 15]); // 1_1, 2_2, 3_3, 4_4
    expect(published('stage-2', secondStageRows(STAGE_1_WINNER)).starts()).toHaveLength(2);
    expect(published('stage-3', thirdStageRows(STAGE_2_WINNER)).starts()).toHaveLength(1);
  });
});

describe('features', () => {
  it('are numbers of nodes, filled up to 20 in each layer', () => {
    const first = published('stage-1', firstStageRows(6));
    const features = first.features(trees(firstStageRows(6)[0] as ArchitectureRow));
    expect(features).toHaveLength(120);
    expect(features.slice(0, 20)).toEqual([0, 19, 0, 26, 27, 28, ...new Array<number>(14).fill(-1)]);
    const second = published('stage-2', secondStageRows(STAGE_1_WINNER));
    const winner = second.features(second.rows[0] ?? []);
    expect(winner.slice(0, 8)).toEqual([6, 0, 4, 0, 11, 12, 13, -1]);
    expect(winner.slice(20, 27)).toEqual([0, 4, 0, 11, 12, 13, -1]);
  });

  it('are sizes in the third stage', () => {
    const third = published('stage-3', thirdStageRows(STAGE_2_WINNER));
    expect(third.features(third.rows[0] ?? [])).toEqual([13, 4, 3, 15, 2, 7]);
    expect(third.features(trees(FOUND))).toEqual([13, 4, 1, 5, 1, 6]);
  });

  it('have no room for a tree of more than 20 nodes', () => {
    const sum = (depth: number): string =>
      depth === 0 ? 'tanh(x)' : `add(${sum(depth - 1)},mul(x,tanh(x)))`;
    const text = `linear1_1(gelu(linear1_1(${sum(3)},wb1)),wb2)`;
    const space = published('stage-1', firstStageRows(1));
    expect(() => space.features(trees([text]))).toThrow('has 22 nodes; there is room for 20');
  });
});

describe('draw', () => {
  it('changes fixed rows only in faithful mode, whatever the best are', () => {
    const space = new SearchSpace(smallProblem('stage-3', 'faithful'));
    const parents = space.starts();
    for (let seed = 0; seed < 20; seed++) {
      const stream = () => RandomStream.fromSeed(seed, 'draw');
      expect(space.draw(parents, stream())).toEqual(space.draw([], stream()));
    }
  });

  it('changes at least one layer of a parent, and not all, where the quirk is mended', () => {
    const space = new SearchSpace(smallProblem('stage-2', 'mended'));
    const [parent] = space.rows;
    const stream = RandomStream.fromSeed(0, 'draw');
    const kept = Array.from({ length: 60 }, () => {
      const layers = space.draw(parent ? [parent] : [], stream);
      return layers?.filter((layer, i) => layer === parent?.[i]).length;
    });
    expect(kept).toContain(1);
    expect(kept).toContain(2);
  });

  it('outside the window takes the last draw in faithful mode, and none else', () => {
    const settings = { window: { min: 1, max: 2 } };
    const draw = (mode: SearchMode) =>
      new SearchSpace(smallProblem('stage-3', mode, settings)).draw([], RandomStream.fromSeed(0, 'draw'));
    expect(draw('faithful')).toHaveLength(3);
    expect(draw('mended')).toBeUndefined();
  });

  it('takes legal trees whose widths do not fit in faithful mode only', () => {
    const parallel = (size: string) => `gelu(add(linear${size}(x,wb1),linear${size}(x,wb2)))`;
    const window = { min: 1, max: 1e9 };
    const drawn = (stage: StageName, mode: SearchMode, rows: readonly ArchitectureRow[]) => {
      const space = new SearchSpace({ ...smallProblem(stage, mode, { window }), rows });
      const stream = RandomStream.fromSeed(0, 'draw');
      const draws = Array.from({ length: 20 }, () => space.draw(space.rows, stream) ?? []);
      return [...space.starts(), ...draws].flat().map((layer) => fits(layer, SHAPE));
    };
    // In the third stage a tree that fits at ratio 1 comes in all sizes.
    for (const [stage, rows] of [
      ['stage-2', [[parallel('1_2')]]],
      ['stage-3', thirdStageRows([parallel('1_1')])],
    ] as const) {
      expect(drawn(stage, 'faithful', rows)).toContain(false);
      expect(drawn(stage, 'mended', rows)).not.toContain(false);
    }
  });

  it('knows legal trees whose widths do not fit', () => {
    const parallel = (size: string) =>
      parseExpression(`gelu(add(linear${size}(x,wb1),linear${size}(x,wb2)))`);
    expect(fits(parallel('1_1'), SHAPE)).toBe(true);
    expect(fits(parallel('1_2'), SHAPE)).toBe(false);
  });
});
