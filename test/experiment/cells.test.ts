import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Cell, type CellPlan, runCells } from '../../src/experiment/cells.ts';
import { Interrupted } from '../../src/experiment/experiment.ts';
import { RunDirectory } from '../../src/experiment/run-directory.ts';

let parent: string;
let directory: RunDirectory;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'cells-'));
  directory = RunDirectory.open(join(parent, 'run'), 'new');
});
afterEach(() => {
  directory.release();
  rmSync(parent, { recursive: true, force: true });
});

interface Square extends Cell {
  readonly value: number;
}

const square = (value: number): Square => ({ id: `square-${value}`, value });
const never = new AbortController().signal;

/** Squares 2 and 3, then the larger of the squares; remembers what it computed and cleared. */
function squares(): CellPlan<Square, number> & { computed: number[]; cleared: string[] } {
  const computed: number[] = [];
  const cleared: string[] = [];
  return {
    computed,
    cleared,
    cells(results) {
      const first = [square(2), square(3)];
      if (!first.every(({ id }) => results.has(id))) return first;
      return [...first, square(Math.max(...first.map(({ id }) => results.get(id) as number)))];
    },
    async run({ value }) {
      computed.push(value);
      return value * value;
    },
    clear: ({ id }) => cleared.push(id),
  };
}

describe('runCells', () => {
  it('computes stage after stage and stores every result with its cell', async () => {
    const plan = squares();
    const results = await runCells(plan, directory, never);
    expect([...results]).toEqual([
      ['square-2', 4],
      ['square-3', 9],
      ['square-9', 81],
    ]);
    expect(plan.cleared).toEqual(['square-2', 'square-3', 'square-9']);
    expect(JSON.parse(readFileSync(directory.file('cells/square-9.json'), 'utf8'))).toEqual({
      cell: { id: 'square-9', value: 9 },
      result: 81,
    });
  });

  it('computes only what is missing', async () => {
    await runCells(squares(), directory, never);
    directory.remove('cells/square-3.json');
    const plan = squares();
    const results = await runCells(plan, directory, never);
    expect(plan.computed).toEqual([3]);
    expect(results.get('square-9')).toBe(81);
    // What an earlier process did not live to clear.
    expect(plan.cleared).toEqual(['square-2', 'square-3', 'square-9']);
  });

  it('stops before the next cell when told to, keeping those that are done', async () => {
    const controller = new AbortController();
    const plan = squares();
    const run = plan.run;
    plan.run = async (cell) => {
      controller.abort();
      return run(cell);
    };
    await expect(runCells(plan, directory, controller.signal)).rejects.toThrow(Interrupted);
    expect(readdirSync(directory.file('cells'))).toEqual(['square-2.json']);
    const rest = squares();
    await runCells(rest, directory, never);
    expect(rest.computed).toEqual([3, 9]);
  });

  it('stores nothing for a cell that fails', async () => {
    const plan = squares();
    plan.run = async () => {
      throw new Error('no');
    };
    await expect(runCells(plan, directory, never)).rejects.toThrow('no');
    expect(() => readdirSync(directory.file('cells'))).toThrow(/ENOENT/);
  });

  it.each([
    '',
    '{"cell":',
    'null',
    '{"cell": {"id": "square-7"}, "result": 4}',
    '{"cell": {"id": "square-2"}}',
  ])('refuses a cell file that holds %j', async (text) => {
    await directory.write('cells/other.json', '');
    writeFileSync(directory.file('cells/square-2.json'), text);
    await expect(runCells(squares(), directory, never)).rejects.toThrow(/square-2\.json is damaged/);
  });
});
