import { UserError } from '../errors.ts';
import type { CellDone, CellExecutor } from './executor.ts';
import { Interrupted } from './experiment.ts';
import type { RunDirectory } from './run-directory.ts';

/** One independent piece of a run: a contestant, a hyper-parameter, a seed … Plain JSON. */
export interface Cell {
  /** A file name: letters, digits, dots, dashes, underscores and plus signs. */
  readonly id: string;
}

/** cells/<id>.json */
export interface StoredCell<K extends Cell = Cell, R = unknown> extends CellDone<R> {
  readonly cell: K;
}

export interface CellPlan<K extends Cell = Cell, R = unknown> {
  /** As `Experiment.cells`, with the configuration known. */
  cells(results: ReadonlyMap<string, R>): readonly K[];
  /** Told when cells are named: those still to compute, and how many are there already. */
  onStage?(missing: readonly K[], found: number): void;
  /** Told when the result of a cell stands on the disk. */
  onDone?(cell: K, done: CellDone<R>): void | Promise<void>;
}

/**
 * Computes the cells that cells/<id>.json does not hold yet, as many at once as the executor has slots, and writes each as soon
 * as it is done: a run that dies loses no finished cell. Returns every result by id, in the order in which cells were named,
 * whatever the order in which they were done. The first failure stops the rest, which saves what it needs to go on.
 */
export async function runCells<K extends Cell, R>(
  plan: CellPlan<K, R>,
  directory: RunDirectory,
  executor: CellExecutor<K, R>,
  signal: AbortSignal,
): Promise<Map<string, R>> {
  const results = new Map<string, R>();
  for (;;) {
    const wanted = plan.cells(results).filter((cell) => !results.has(cell.id));
    refuseBadIds(wanted);
    if (wanted.length === 0) return results;
    const there = new Map<string, R>();
    for (const cell of wanted) {
      const stored = readCell<K, R>(directory, cell);
      if (stored !== undefined) there.set(cell.id, stored.result);
    }
    const missing = wanted.filter((cell) => !there.has(cell.id));
    plan.onStage?.(missing, there.size);
    await runStage(missing, executor, signal, async (cell, done) => {
      const stored: StoredCell<K, R> = { cell, ...done };
      await directory.writeJson(cellFile(cell), stored);
      directory.remove(cellFolder(cell.id));
      there.set(cell.id, done.result);
      await plan.onDone?.(cell, done);
    });
    for (const { id } of wanted) results.set(id, there.get(id) as R);
  }
}

/** Every slot takes the next cell until none is left, or until one of them fails. */
async function runStage<K extends Cell, R>(
  cells: readonly K[],
  executor: CellExecutor<K, R>,
  signal: AbortSignal,
  keep: (cell: K, done: CellDone<R>) => Promise<void>,
): Promise<void> {
  const left = [...cells];
  const failures: unknown[] = [];
  const work = async () => {
    for (let cell = left.shift(); cell !== undefined && failures.length === 0; cell = left.shift()) {
      try {
        if (signal.aborted) throw new Interrupted();
        await keep(cell, await executor.run(cell));
      } catch (error) {
        failures.push(error);
        if (!signal.aborted) await executor.close();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(executor.slots, cells.length) }, work));
  if (failures.length > 0) throw failures.find((error) => !(error instanceof Interrupted)) ?? failures[0];
}

/** What an earlier part of the run stored of a cell; undefined if it did not finish it. Throws UserError for a damaged file. */
export function readCell<K extends Cell, R>(directory: RunDirectory, cell: K): StoredCell<K, R> | undefined {
  const file = cellFile(cell);
  const stored = directory.readJson(file) as Partial<StoredCell<K, R>> | null | undefined;
  if (stored === undefined) return undefined;
  if (stored?.cell?.id === cell.id && stored.result !== undefined) return stored as StoredCell<K, R>;
  throw new UserError(
    `${directory.file(file)} is damaged: it does not hold cell ${cell.id}. Delete it and continue with --resume.`,
  );
}

/** Where a cell keeps its checkpoints while it is not done, relative to the run directory. */
export function cellFolder(id: string): string {
  return `checkpoints/${id}`;
}

function cellFile(cell: Cell): string {
  return `cells/${cell.id}.json`;
}

function refuseBadIds(cells: readonly Cell[]): void {
  const seen = new Set<string>();
  for (const { id } of cells) {
    if (!/^[A-Za-z0-9][\w.+-]*$/.test(id)) throw new Error(`'${id}' cannot be the id of a cell`);
    if (seen.has(id)) throw new Error(`two cells have the id ${id}`);
    seen.add(id);
  }
}
