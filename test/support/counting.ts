import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../src/errors.ts';
import type { Cell } from '../../src/experiment/cells.ts';
import { type CellContext, type Experiment, Interrupted } from '../../src/experiment/experiment.ts';
import { readJsonFile, writeJsonFile } from '../../src/experiment/files-of-run.ts';

/** How the cell `at` fails. */
export type Failure = 'never' | 'user error' | 'error' | 'SIGKILL' | 'out of memory' | 'stuck';

type CountingConfig = {
  readonly cells: number;
  readonly steps: number;
  readonly pause: number;
  readonly failure: string;
  readonly at: number;
};

interface CountingCell extends Cell {
  readonly index: number;
}

interface Count {
  readonly step: number;
  readonly state: number;
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
}

/**
 * An experiment for tests of the tool: each cell computes a long chain of numbers, a step at a time with a pause in between,
 * and saves after each. Where it is resumed it must go on from its checkpoint to end with the same number. Two stages: the last
 * three cells depend on the results of the others.
 */
const counting: Experiment<CountingConfig, CountingCell, Count> = {
  name: 'counting',
  title: 'Counting',
  claim: 'It counts',
  question: 'Does it count?',
  presets: {
    smoke: { cells: 60, steps: 4, pause: 10, failure: 'never', at: 5 },
    laptop: { cells: 60, steps: 100, pause: 10, failure: 'never', at: 5 },
    paper: { cells: 1000, steps: 0, pause: 0, failure: 'never', at: 5 },
  },
  durations: { smoke: '3 s', laptop: '1 min', paper: '10 s' },
  seeds: { smoke: 1, laptop: 1, paper: 1 },
  takesData: true,
  takesPeers: false,
  backend: 'js',
  cellsRun: 'side by side',
  cellSeconds: { smoke: 0.05, laptop: 1, paper: 0.01 },
  cells({ config }, results) {
    const first = Array.from({ length: config.cells - 3 }, (_, index) => ({ id: `cell-${index}`, index }));
    if (first.some(({ id }) => !results.has(id))) return first;
    const best = first.reduce((sum, { id }) => (sum + (results.get(id)?.state ?? 0)) % 1000, 0);
    return [0, 1, 2].map((index) => ({ id: `late-${best}-${index}`, index: 1000 * best + index }));
  },
  countCells: ({ config }) => config.cells,
  async startCells(context) {
    return { run: (cell, folder) => count(cell, folder, context), dispose() {} };
  },
  async outcome(_, results) {
    const sum = [...results.values()].reduce((total, { state }) => total + state, 0);
    return {
      verdict: 'met',
      reason: 'It does.',
      metrics: { sum, cells: results.size },
      tables: [],
      charts: [],
      rows: [...results].map(([cell, { state }]) => ({ cell, state })),
    };
  },
};

async function count(
  cell: CountingCell,
  folder: string,
  context: CellContext<CountingConfig>,
): Promise<Count> {
  const { config, progress, signal } = context;
  const file = `${folder}/count.json`;
  let { step, state, curve }: Count = (readJsonFile(file) as Count | undefined) ?? {
    step: 0,
    state: cell.index,
    curve: [],
  };
  progress.expect(config.steps - step);
  if (cell.index === config.at && config.failure !== 'never') await fail(config.failure as Failure);
  while (step < config.steps) {
    if (signal.aborted) throw new Interrupted();
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    step++;
    const loss = state / 2 ** 32;
    curve = [...curve, { step, loss }];
    await sleep(config.pause);
    await writeJsonFile(file, { step, state, curve });
    progress.advance({ label: cell.id, step, steps: config.steps, values: { loss } });
  }
  return { step, state, curve };
}

async function fail(how: Failure): Promise<void> {
  if (how === 'user error') throw new UserError('Feed the cell first.', 3);
  if (how === 'error') throw new TypeError('the cell is upside down');
  if (how === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
  if (how === 'out of memory') {
    const hoard: object[] = [];
    for (;;) hoard.push({ more: hoard.length });
  }
  if (how === 'stuck') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

export default [counting];
