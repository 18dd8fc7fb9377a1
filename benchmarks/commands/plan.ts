import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Cell } from '../../src/experiment/cells.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import { duration } from '../../src/experiment/progress-line.ts';
import { textTable } from '../../src/experiment/table.ts';
import type { RunOptions, Settings } from './settings.ts';

/** What a run will do. */
interface Plan {
  /** Those that are known before there are results. */
  readonly cells: readonly (Cell & { readonly done: boolean })[];
  /** How many more there will be. */
  readonly later: number;
  readonly jobs: number;
  /** A guess of what is still to do, from what a cell of this preset took where it was measured. */
  readonly seconds: number;
  /** What the experiment says of it. */
  readonly notes: readonly string[];
}

export function planOf(experiment: Experiment, settings: Settings, options: RunOptions): Plan {
  const cells = experiment.cells(settings, new Map()).map((cell) => ({
    ...cell,
    done: options.out !== undefined && existsSync(join(options.out, 'cells', `${cell.id}.json`)),
  }));
  const later = (experiment.countCells?.(settings) ?? cells.length) - cells.length;
  const jobs = jobsOf(experiment, options) ?? availableParallelism();
  const missing = cells.filter(({ done }) => !done).length;
  const turns = Math.ceil(missing / jobs) + Math.ceil(later / jobs);
  const seconds = turns * experiment.cellSeconds[settings.preset];
  return { cells, later, jobs, seconds, notes: experiment.planNotes?.(settings) ?? [] };
}

/** Processes at once; undefined: as many as the machine has cores, or one on a GPU. */
export function jobsOf(experiment: Experiment, { jobs, backend }: RunOptions): number | undefined {
  if (experiment.cellsRun === 'alone') return 1;
  return jobs ?? (backend === 'gpu' || backend === 'webgpu' ? 1 : undefined);
}

/** The cells and how long they will take, in words. */
export function describePlan(experiment: Experiment, settings: Settings, options: RunOptions): string {
  const { cells, later, jobs, seconds, notes } = planOf(experiment, settings, options);
  const keys = [...new Set(cells.flatMap((cell) => Object.keys(cell)))].filter(
    (key) => key !== 'id' && key !== 'done',
  );
  const table = textTable({
    title: `${cells.length} cells`,
    columns: [{ title: 'cell' }, ...keys.map((title) => ({ title })), { title: '' }],
    rows: cells.map((cell) => [
      cell.id,
      ...keys.map((key) => shown((cell as unknown as Record<string, unknown>)[key])),
      cell.done ? 'done' : '',
    ]),
    ...(later > 0 && { note: `And ${later} more, which the results of these decide.` }),
  });
  const order = jobs === 1 ? 'one at a time' : `${jobs} at once`;
  const set = options.set === undefined ? '' : `Set: ${options.set.join(', ')}\n`;
  return (
    `${experiment.name}: ${experiment.question}\nClaim: ${experiment.claim}\n` +
    `Backend: ${options.backend ?? experiment.backend}\n${set}${notes.map((note) => `${note}\n`).join('')}\n${table}\n` +
    `Estimated time: about ${duration(seconds)}, ${order} (preset ${settings.preset} as it is: ` +
    `${experiment.durations[settings.preset]})\n`
  );
}

/** As it is, also a number: a seed has no thousands. */
function shown(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
