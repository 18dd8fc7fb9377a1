import { type Cell, runCells } from '../../src/experiment/cells.ts';
import type { MergedProgress } from '../../src/experiment/cells-progress.ts';
import type { CellExecutor } from '../../src/experiment/executor.ts';
import type { Experiment } from '../../src/experiment/experiment.ts';
import type { RunDirectory } from '../../src/experiment/run-directory.ts';
import type { Settings, StoredSettings } from './settings.ts';
import { writeCurves } from './tensorboard-events.ts';

interface Surroundings {
  readonly directory: RunDirectory;
  readonly executor: CellExecutor;
  readonly cells: MergedProgress;
  readonly signal: AbortSignal;
  /** Whether the curve of each cell is written as TensorBoard events, as soon as the cell is done. */
  readonly tensorboard: boolean;
}

/** Computes what is missing of a run, says how far it is, and returns the result of every cell. */
export async function computeCells(
  experiment: Experiment,
  settings: StoredSettings,
  { directory, executor, cells, signal, tensorboard }: Surroundings,
): Promise<Map<string, unknown>> {
  const wanted = new Map<string, Cell>();
  const announce = announceStages(cells, executor.slots);
  const results = await runCells(
    {
      cells(found) {
        const named = experiment.cells(settings, found);
        for (const cell of named) wanted.set(cell.id, cell);
        return named;
      },
      onStage: announce,
      async onDone(cell, { result }) {
        cells.done(cell.id);
        if (tensorboard) await writeCurves(directory, settings, [[cell, result]]);
      },
    },
    directory,
    executor,
    signal,
  );
  if (tensorboard) {
    // Also those of cells that were there already.
    const all = [...wanted.values()].map((cell) => [cell, results.get(cell.id)] as const);
    if (!(await writeCurves(directory, settings, all)))
      cells.warn(`--tensorboard: ${experiment.name} has no curves to write.`);
  }
  return results;
}

export function countCells(experiment: Experiment, settings: Settings): number {
  return experiment.countCells?.(settings) ?? experiment.cells(settings, new Map()).length;
}

/** Says how many cells there are to do, and in later stages which: their names say what the results have chosen. */
function announceStages(cells: MergedProgress, slots: number) {
  let later = false;
  return (missing: readonly { readonly id: string }[], found: number): void => {
    cells.found(found);
    if (missing.length === 0) {
      if (!later)
        cells.note(`Nothing to compute: ${count(found)} ${found === 1 ? 'is' : 'are'} there already.`);
      return;
    }
    const there = found === 0 ? '' : ` (${found} are there already)`;
    const order = slots === 1 || missing.length === 1 ? '' : `, ${atOnce(slots, missing.length)}`;
    const names = missing.slice(0, 4).map(({ id }) => id);
    const which = later ? `: ${names.join(', ')}${missing.length > 4 ? ' …' : ''}` : '';
    cells.note(`${later ? 'Next' : 'To do'}: ${count(missing.length)}${there}${order}${which}.`);
    later = true;
  };
}

function atOnce(slots: number, cells: number): string {
  return slots === Number.POSITIVE_INFINITY ? 'through the queue' : `${Math.min(slots, cells)} at once`;
}

function count(cells: number): string {
  return `${cells} ${cells === 1 ? 'cell' : 'cells'}`;
}
