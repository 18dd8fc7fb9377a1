import type { Progress } from '../../src/experiment/progress.ts';
import type { Evaluation, FineTuneOptions } from '../../src/tasks/index.ts';

/** What `fineTune` tells while it runs, as progress under this label. */
export function shownTuning<E extends Evaluation>(
  progress: Progress,
  label: string,
  steps: number,
): Required<Pick<FineTuneOptions<E>, 'onContinue' | 'onMetrics' | 'onEvaluation'>> {
  let announced = steps;
  return {
    onContinue: (step, changes) => {
      announced = steps - step;
      for (const change of changes) progress.warn(`the last bits may differ: ${change}`);
    },
    onMetrics: ({ step, loss }) => {
      if (announced > 0) progress.expect(announced);
      announced = 0;
      progress.advance({ label, step, steps, values: { loss } });
    },
    onEvaluation: (step, { selection }) => {
      progress.advance({ label, step, steps, values: { dev: selection } }, 0);
    },
  };
}
