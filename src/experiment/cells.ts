import { UserError } from '../errors.ts';
import { Interrupted } from './experiment.ts';
import type { RunDirectory } from './run-directory.ts';

/** One independent piece of a run: a contestant, a hyper-parameter, a seed … */
export interface Cell {
  /** A file name: letters, digits, dots and dashes. */
  readonly id: string;
}

export interface CellPlan<C extends Cell, R> {
  /**
   * The cells wanted, in order, given the results so far. Asked again whenever all of them are there, since what comes next may
   * depend on them; the run ends when it names nothing new.
   */
  cells(results: ReadonlyMap<string, R>): readonly C[];
  /** Computes one; throws {@link Interrupted} after saving what it needs to go on. The result must survive JSON. */
  run(cell: C): Promise<R>;
  /** Called once the result of a cell stands on the disk: what it needed to go on can be deleted. */
  clear?(cell: C): void;
}

/**
 * Computes the cells that cells/<id>.json does not hold yet, one after another, and writes each as soon as it is done: a run
 * that dies loses the cell in flight at most. Returns every result by id.
 */
export async function runCells<C extends Cell, R>(
  plan: CellPlan<C, R>,
  directory: RunDirectory,
  signal: AbortSignal,
): Promise<Map<string, R>> {
  const results = new Map<string, R>();
  for (;;) {
    const wanted = plan.cells(results).filter((cell) => !results.has(cell.id));
    if (wanted.length === 0) return results;
    for (const cell of wanted) {
      const finished = readCell<C, R>(directory, cell);
      if (finished === undefined && signal.aborted) throw new Interrupted();
      const result = finished ?? (await plan.run(cell));
      if (finished === undefined) await directory.writeJson(cellFile(cell), { cell, result });
      plan.clear?.(cell);
      results.set(cell.id, result);
    }
  }
}

/** The result of a cell that an earlier part of the run finished; undefined if none did. */
export function readCell<C extends Cell, R>(directory: RunDirectory, cell: C): R | undefined {
  const file = cellFile(cell);
  const stored = directory.readJson(file) as { readonly cell?: C; readonly result?: R } | null | undefined;
  if (stored === undefined) return undefined;
  if (stored?.cell?.id === cell.id && stored.result !== undefined) return stored.result;
  throw new UserError(
    `${directory.file(file)} is damaged: it does not hold cell ${cell.id}. Delete it and continue with --resume.`,
  );
}

function cellFile(cell: Cell): string {
  return `cells/${cell.id}.json`;
}
