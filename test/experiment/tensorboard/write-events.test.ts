import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventRow, writeEvents } from '../../../src/experiment/tensorboard/index.ts';
import { decodeFolder } from './decode-events.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tensorboard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cells = [
  { id: 'adamw-lr0.01-seed0', contestant: 'adamw', learningRate: 0.01, seed: 0 },
  { id: 'came-lr0.01-seed0', contestant: 'came', learningRate: 0.01, seed: 0 },
];

function rows(cell: (typeof cells)[number] | undefined, steps: readonly number[]): EventRow[] {
  if (cell === undefined) throw new Error('no such cell');
  const { id, ...columns } = cell;
  return steps.map((step) => ({
    cell: id,
    stage: 'final',
    ...columns,
    step,
    loss: 4 / step,
    validation: 5 / step,
  }));
}

/** [tag, step, value] of each scalar, in the order of the files. */
function scalars(cell: string): [string, number, number][] {
  return decodeFolder(join(folder, cell)).flatMap(({ step, values }) =>
    values.flatMap(({ tag, scalar }): [string, number, number][] =>
      scalar === undefined ? [] : [[tag, step, scalar]],
    ),
  );
}

const curve = [
  ['loss', 1, 4],
  ['validation', 1, 5],
  ['loss', 2, 2],
  ['validation', 2, 2.5],
];

describe('writeEvents', () => {
  it('gives each cell a folder with its settings and one curve per measured column', () => {
    const all = [...rows(cells[0], [1, 2]), ...rows(cells[1], [1])];
    expect(writeEvents(folder, all, { cells, config: { width: 8 } })).toBe(3);
    expect(scalars('adamw-lr0.01-seed0')).toEqual(curve);
    expect(scalars('came-lr0.01-seed0')).toEqual(curve.slice(0, 2));
    const tags = decodeFolder(join(folder, 'adamw-lr0.01-seed0')).flatMap(({ values }) =>
      values.map(({ tag }) => tag),
    );
    expect(tags[0]).toBe('_hparams_/session_start_info');
    expect(decodeFolder(folder).at(-1)?.values).toEqual([
      { tag: 'config', plugin: 'text', text: '```json\n{\n  "width": 8\n}\n```' },
    ]);
  });

  it('adds only what is new, and nothing when there is nothing', () => {
    expect(writeEvents(folder, rows(cells[0], [1]), { cells, config: {} })).toBe(1);
    const again = { cells, config: {} };
    expect(writeEvents(folder, rows(cells[0], [1, 2]), again)).toBe(1);
    expect(writeEvents(folder, rows(cells[0], [1, 2]), again)).toBe(0);
    expect(scalars('adamw-lr0.01-seed0')).toEqual(curve);
    expect(readdirSync(join(folder, 'adamw-lr0.01-seed0'))).toHaveLength(2);
    const events = decodeFolder(join(folder, 'adamw-lr0.01-seed0'));
    expect(events.filter(({ values }) => values[0]?.plugin === 'hparams')).toHaveLength(1);
    expect(decodeFolder(folder)).toHaveLength(2);
  });

  it('writes what a crash cut off anew, wherever it struck', () => {
    const cell = 'adamw-lr0.01-seed0';
    writeEvents(folder, rows(cells[0], [1, 2]), { cells });
    const file = join(folder, cell, readdirSync(join(folder, cell))[0] as string);
    const { length } = readFileSync(file);
    const complete = readFileSync(file);
    for (let kept = length - 1; kept >= 0; kept -= 7) {
      rmSync(join(folder, cell), { recursive: true });
      writeEvents(folder, rows(cells[0], [1]), { cells });
      const again = join(folder, cell, readdirSync(join(folder, cell))[0] as string);
      writeFileSync(again, complete.subarray(0, kept));
      writeEvents(folder, rows(cells[0], [1, 2]), { cells });
      // The decoder of the tests takes no cut-off record: it is removed as any reader would ignore it.
      truncateSync(again, wholeBytes(complete, kept));
      expect(scalars(cell)).toEqual(curve);
    }
  });

  it('joins the rows of a step, sorts steps and takes the time of a row', () => {
    const given = [
      { cell: 'a', step: 5, b: 2, wallTime: 50 },
      { cell: 'a', step: 3, b: 1, wallTime: 30 },
      { cell: 'a', step: 5, c: 3, wallTime: 50 },
    ];
    expect(writeEvents(folder, given)).toBe(2);
    const [, ...events] = decodeFolder(join(folder, 'a'));
    expect(events).toEqual([
      { wallTime: 30, step: 3, values: [{ tag: 'b', scalar: 1 }] },
      {
        wallTime: 50,
        step: 5,
        values: [
          { tag: 'b', scalar: 2 },
          { tag: 'c', scalar: 3 },
        ],
      },
    ]);
  });

  it('leaves out rows that are no curve', () => {
    expect(writeEvents(folder, [{ contestant: 'came', round: 1, ms: 3 }])).toBe(0);
    expect(writeEvents(folder, [{ cell: 'a', step: 1, stage: 'final' }])).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('writes in no other folder', () => {
    for (const cell of ['../a', '..', 'a/b', '']) {
      expect(() => writeEvents(folder, [{ cell, step: 1, loss: 1 }])).toThrow(RangeError);
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** The end of the last record that lies within the first `kept` bytes. */
function wholeBytes(file: Buffer, kept: number): number {
  let end = 0;
  for (;;) {
    if (end + 16 > kept) return end;
    const next = end + 16 + Number(file.readBigUInt64LE(end));
    if (next > kept) return end;
    end = next;
  }
}
