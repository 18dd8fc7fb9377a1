import type { Cell } from '../../src/experiment/cells.ts';
import type { RunDirectory } from '../../src/experiment/run-directory.ts';
import type { StoredSettings } from './settings.ts';

/** A cell's result with a curve, as trainings have: a list of entries with their step. */
interface WithCurve {
  readonly curve: readonly Readonly<Record<string, number>>[];
}

/**
 * Writes the curves of these cells to tensorboard/ in the run directory, as far as they are not there; returns whether there is any
 * curve among them.
 */
export async function writeCurves(
  directory: RunDirectory,
  settings: StoredSettings,
  results: Iterable<readonly [cell: Cell, result: unknown]>,
): Promise<boolean> {
  const { writeEvents } = await import('../../src/experiment/tensorboard/index.ts');
  let found = false;
  for (const [cell, result] of results) {
    if (!hasCurve(result)) continue;
    found = true;
    const rows = result.curve.map((entry) => ({ cell: cell.id, ...entry }));
    writeEvents(directory.file('tensorboard'), rows, { cells: [cell], config: settings });
  }
  return found;
}

function hasCurve(result: unknown): result is WithCurve {
  const curve = (result as Partial<WithCurve> | null)?.curve;
  return Array.isArray(curve) && curve.length > 0 && typeof curve[0]?.step === 'number';
}
