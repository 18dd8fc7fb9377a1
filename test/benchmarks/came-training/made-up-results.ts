import type { CellResult, TrainingCell } from '../../../benchmarks/came-training/cells.ts';

/** A curve of four points that falls in straight lines from 4 to `final`. */
export function madeUpResult(final: number, changes: Partial<CellResult> = {}): CellResult {
  const curve = [25, 50, 75, 100].map((step) => {
    const validation = 4 + ((final - 4) * step) / 100;
    return { step, loss: validation, validation };
  });
  return { diverged: null, curve, parameters: 10, stateBytes: 80, stepsPerSecond: 50, ...changes };
}

export const diverged: CellResult = {
  ...madeUpResult(4),
  diverged: { step: 3, what: 'Training stopped at step 3: the loss is NaN.' },
  curve: [],
};

type Plan = (results: ReadonlyMap<string, CellResult>) => readonly TrainingCell[];

/** Answers every cell that is asked for until none is new; returns the results and how many were asked for each time. */
export function answerAll(
  cells: Plan,
  answer: (cell: TrainingCell) => CellResult,
): { results: Map<string, CellResult>; stages: number[] } {
  const results = new Map<string, CellResult>();
  const stages: number[] = [];
  for (;;) {
    const wanted = cells(results).filter(({ id }) => !results.has(id));
    if (wanted.length === 0) return { results, stages };
    stages.push(wanted.length);
    for (const cell of wanted) results.set(cell.id, answer(cell));
  }
}

/** A final loss that is least at `best` and grows by 0.1 for each step of √10 beside it. */
export function bowl(learningRate: number, best: number, least = 2): number {
  return least + 0.1 * Math.abs(2 * Math.log10(learningRate / best));
}
