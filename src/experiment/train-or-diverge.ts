import { NonFiniteError, type TrainOptions, train } from '../training/index.ts';
import { Interrupted } from './experiment.ts';
import type { Progress } from './progress.ts';

/** Where a loss stopped being a number. */
export interface Divergence {
  readonly step: number;
  readonly what: string;
}

/**
 * `train`, for a cell: a loss that is not finite is a result and not an error, told as a note, the steps left out counted as
 * done; null: it came to its end.
 *
 * @throws Interrupted where the signal stopped it, after it has saved
 */
export async function trainOrDiverge(
  options: TrainOptions,
  { label, progress }: { readonly label: string; readonly progress: Progress },
): Promise<Divergence | null> {
  const { steps } = options;
  try {
    const { outcome } = await train(options);
    if (outcome === 'interrupted') throw new Interrupted();
    return null;
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    const diverged = { step: error.step, what: error.message };
    progress.note(`${label}: ${diverged.what}`);
    progress.advance({ label, step: diverged.step, steps }, steps - diverged.step);
    return diverged;
  }
}
