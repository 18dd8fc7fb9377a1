import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { type Cell, type CellPlan, runCells } from '../../src/experiment/cells.ts';
import type { CellDone, CellExecutor, CellProcess } from '../../src/experiment/executor.ts';
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
const somewhere: CellProcess = { host: 'here', pid: 7, backend: 'js', started: '2026-11-24T00:00:00.000Z' };

/** Squares 2 and 3, then the larger of the squares. */
const plan: CellPlan<Square, number> = {
  cells(results) {
    const first = [square(2), square(3)];
    if (!first.every(({ id }) => results.has(id))) return first;
    return [...first, square(Math.max(...first.map(({ id }) => results.get(id) as number)))];
  },
};

/** Computes in this process; remembers which cells it computed, how many at once, and whether it was closed. */
class Squares implements CellExecutor<Square, number> {
  readonly computed: number[] = [];
  readonly slots: number;
  closed = false;
  most = 0;
  #atWork = 0;
  readonly #compute: (value: number) => Promise<number>;

  constructor(slots = 1, compute = async (value: number) => value * value) {
    this.slots = slots;
    this.#compute = compute;
  }

  async run({ value }: Square): Promise<CellDone<number>> {
    this.computed.push(value);
    this.most = Math.max(this.most, ++this.#atWork);
    try {
      return { result: await this.#compute(value), seconds: 0.5, process: somewhere };
    } finally {
      this.#atWork--;
    }
  }

  async close() {
    this.closed = true;
  }
}

/** Cells 0 to count - 1 in one stage. */
const many = (count: number): CellPlan<Square, number> => ({
  cells: () => Array.from({ length: count }, (_, value) => square(value)),
});

describe('runCells', () => {
  it('computes stage after stage and stores every result with its cell and process', async () => {
    const results = await runCells(plan, directory, new Squares(), never);
    expect([...results]).toEqual([
      ['square-2', 4],
      ['square-3', 9],
      ['square-9', 81],
    ]);
    expect(JSON.parse(readFileSync(directory.file('cells/square-9.json'), 'utf8'))).toEqual({
      cell: { id: 'square-9', value: 9 },
      result: 81,
      seconds: 0.5,
      process: somewhere,
    });
  });

  it('computes only what is missing, and says so', async () => {
    await runCells(plan, directory, new Squares(), never);
    directory.remove('cells/square-3.json');
    const executor = new Squares();
    const stages: [string[], number][] = [];
    const done: string[] = [];
    const results = await runCells(
      {
        ...plan,
        onStage: (missing, found) => stages.push([missing.map(({ id }) => id), found]),
        onDone: ({ id }) => void done.push(id),
      },
      directory,
      executor,
      never,
    );
    expect(executor.computed).toEqual([3]);
    expect(results.get('square-9')).toBe(81);
    expect(stages).toEqual([
      [['square-3'], 1],
      [[], 1],
    ]);
    expect(done).toEqual(['square-3']);
  });

  it('keeps every slot at work, and the order of the results whatever the order in which they come', async () => {
    const executor = new Squares(3, async (value) => {
      await sleep(value % 2 === 0 ? 8 : 1);
      return value * value;
    });
    const results = await runCells(many(10), directory, executor, never);
    expect(executor.most).toBe(3);
    expect([...results.values()]).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
  });

  it('deletes the checkpoints of a cell once its result is kept, and no others', async () => {
    await directory.write('checkpoints/square-2/step', '');
    await directory.write('checkpoints/square-77/step', '');
    await runCells(plan, directory, new Squares(), never);
    expect(readdirSync(directory.file('checkpoints'))).toEqual(['square-77']);
  });

  it('stops before the next cell when told to, keeping those that are done', async () => {
    const controller = new AbortController();
    const executor = new Squares(1, async (value) => {
      controller.abort();
      return value * value;
    });
    await expect(runCells(plan, directory, executor, controller.signal)).rejects.toThrow(Interrupted);
    expect(readdirSync(directory.file('cells'))).toEqual(['square-2.json']);
    const rest = new Squares();
    await runCells(plan, directory, rest, never);
    expect(rest.computed).toEqual([3, 9]);
  });

  it('stores nothing for a cell that fails, stops the others, and tells what failed rather than what was stopped', async () => {
    const executor = new Squares(2, async (value) => {
      if (value === 1) throw new UserError('no');
      for (let waited = 0; !executor.closed && waited < 1000; waited++) await sleep(1);
      throw new Interrupted();
    });
    await expect(runCells(many(5), directory, executor, never)).rejects.toThrow('no');
    expect(executor.closed).toBe(true);
    expect(executor.computed).toEqual([0, 1]);
    expect(() => readdirSync(directory.file('cells'))).toThrow(/ENOENT/);
  });

  it('stores a cell that another one’s failure finds at its end', async () => {
    const executor = new Squares(2, async (value) => {
      if (value === 1) throw new Error('no');
      for (let waited = 0; !executor.closed && waited < 1000; waited++) await sleep(1);
      return value;
    });
    await expect(runCells(many(5), directory, executor, never)).rejects.toThrow('no');
    expect(readdirSync(directory.file('cells'))).toEqual(['square-0.json']);
  });

  it.each([
    '',
    '{"cell":',
    'null',
    '{"cell": {"id": "square-7"}, "result": 4}',
    '{"cell": {"id": "square-2"}}',
  ])('refuses a cell file that holds %j before computing anything', async (text) => {
    await directory.write('cells/other.json', '');
    writeFileSync(directory.file('cells/square-2.json'), text);
    const executor = new Squares();
    await expect(runCells(plan, directory, executor, never)).rejects.toThrow(/square-2\.json is damaged/);
    expect(executor.computed).toEqual([]);
  });

  it.each([['a/b'], ['../up'], [''], ['.hidden'], ['two words']])('refuses the id %j', async (id) => {
    const bad: CellPlan<Square, number> = { cells: () => [{ id, value: 1 }] };
    await expect(runCells(bad, directory, new Squares(), never)).rejects.toThrow('cannot be the id');
  });

  it('refuses two cells of one id', async () => {
    const twice: CellPlan<Square, number> = { cells: () => [square(1), square(1)] };
    await expect(runCells(twice, directory, new Squares(), never)).rejects.toThrow('two cells have the id');
  });
});
